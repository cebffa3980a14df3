//! The results of a search, their orders, and the Pareto frontier among them.

use super::{Shape, neutral};
use crate::deployment::{Deployment, KvCacheDtype, QuantAlgo};
use crate::explore::Load;
use crate::gpu::GpuRef;
use crate::units::Bytes;
use serde::{Serialize, Serializer};

/// A deployment that fits and runs the load.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The card.
    pub gpu: GpuRef,
    /// Tensor-parallel ranks.
    pub tp_size: u64,
    /// Pipeline stages.
    pub pp_size: u64,
    /// Expert-parallel ranks; `None` for a model without experts.
    pub moe_ep_size: Option<u64>,
    /// The quantization of the weights.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache.
    pub kv_cache_dtype: KvCacheDtype,
    /// GPUs used.
    pub gpus: u64,
    /// Memory in use on the fullest rank.
    pub used: Bytes,
    /// Free memory on the rank with the least of it.
    pub room: Bytes,
    /// Capacity of the KV cache in tokens.
    pub kv_tokens: u64,
    /// Sequences of the load's length that the KV cache holds at once. The candidate's
    /// `max_batch_size` is that of the load; a larger one would leave slightly less memory.
    pub concurrency: u64,
    /// Whether the capacity lies within the uncertainty of the figures.
    pub uncertain: bool,
}

/// The order in which candidates are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The fewest GPUs first, then the highest concurrency.
    Gpus,
    /// The highest concurrency first, then the fewest GPUs.
    Concurrency,
    /// The highest concurrency for each GPU first.
    ConcurrencyPerGpu,
    /// The most free memory first.
    Room,
    /// The fullest GPU first.
    Used,
    /// The most tokens in the KV cache first.
    KvTokens,
}

impl Order {
    /// Every order.
    pub const ALL: [Order; 6] =
        [Order::Gpus, Order::Concurrency, Order::ConcurrencyPerGpu, Order::Room, Order::Used, Order::KvTokens];

    /// The name in the native command.
    pub fn name(self) -> &'static str {
        match self {
            Order::Gpus => "gpus",
            Order::Concurrency => "concurrency",
            Order::ConcurrencyPerGpu => "concurrency-per-gpu",
            Order::Room => "room",
            Order::Used => "used",
            Order::KvTokens => "kv-tokens",
        }
    }

    /// The order with this name.
    pub fn parse(name: &str) -> Option<Order> {
        Order::ALL.into_iter().find(|order| order.name() == name)
    }

    /// Sorts candidates; the sort is stable.
    pub fn sort(self, candidates: &mut [Candidate]) {
        use std::cmp::Reverse;
        match self {
            Order::Gpus => candidates.sort_by_key(|one| (one.gpus, Reverse(one.concurrency))),
            Order::Concurrency => candidates.sort_by_key(|one| (Reverse(one.concurrency), one.gpus)),
            Order::ConcurrencyPerGpu => candidates.sort_by(|a, b| b.per_gpu().total_cmp(&a.per_gpu())),
            Order::Room => candidates.sort_by_key(|one| Reverse(one.room)),
            Order::Used => candidates.sort_by_key(|one| Reverse(one.used)),
            Order::KvTokens => candidates.sort_by_key(|one| Reverse(one.kv_tokens)),
        }
    }
}

impl Candidate {
    /// The candidate's deployment, given the base and the load of its search.
    pub fn deployment(&self, base: &Deployment, load: Load) -> Deployment {
        let mut deployment = neutral(base, load);
        self.apply(&mut deployment, load);
        deployment
    }

    /// Concurrent sequences per GPU.
    pub fn per_gpu(&self) -> f64 {
        self.concurrency as f64 / self.gpus.max(1) as f64
    }

    fn apply(&self, deployment: &mut Deployment, load: Load) {
        let shape = Shape { tp_size: self.tp_size, pp_size: self.pp_size, moe_ep_size: self.moe_ep_size };
        shape.apply(deployment);
        deployment.gpu = self.gpu.clone();
        deployment.precision.quant_algo = Some(self.quant_algo);
        deployment.precision.kv_cache_dtype = self.kv_cache_dtype;
        load.size_batch(deployment);
    }
}

/// The indices of the candidates on the Pareto frontier of GPUs and concurrency, ordered by GPUs.
/// Of equal candidates only the first is included.
pub fn frontier(candidates: &[Candidate]) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..candidates.len()).collect();
    indices.sort_by_key(|index| (candidates[*index].gpus, std::cmp::Reverse(candidates[*index].concurrency), *index));
    let mut best = 0;
    indices.retain(|index| {
        let better = candidates[*index].concurrency > best;
        best = best.max(candidates[*index].concurrency);
        better
    });
    indices
}

/// As a JSON object; sizes are in bytes.
impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            gpu: &'a str,
            gpus: u64,
            tp_size: u64,
            pp_size: u64,
            moe_ep_size: Option<u64>,
            quant_algo: &'static str,
            kv_cache_dtype: &'static str,
            used: Bytes,
            room: Bytes,
            kv_tokens: u64,
            concurrency: u64,
            uncertain: bool,
        }
        Row {
            gpu: self.gpu.id,
            gpus: self.gpus,
            tp_size: self.tp_size,
            pp_size: self.pp_size,
            moe_ep_size: self.moe_ep_size,
            quant_algo: self.quant_algo.name(),
            kv_cache_dtype: self.kv_cache_dtype.name(),
            used: self.used,
            room: self.room,
            kv_tokens: self.kv_tokens,
            concurrency: self.concurrency,
            uncertain: self.uncertain,
        }
        .serialize(serializer)
    }
}
