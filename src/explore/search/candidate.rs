//! What a search finds, how it is sorted, and which of it nothing beats.

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
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Pipeline stages.
    pub pp_size: u64,
    /// Ranks that the experts are divided among; `None` for a model without experts.
    pub moe_ep_size: Option<u64>,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache.
    pub kv_cache_dtype: KvCacheDtype,
    /// GPUs used.
    pub gpus: u64,
    /// Memory in use on the fullest rank.
    pub used: Bytes,
    /// Memory that stays free on it.
    pub room: Bytes,
    /// Tokens that the KV cache holds.
    pub kv_tokens: u64,
    /// Sequences of the load's length that the KV cache holds at once. The candidate's `max_batch_size` is the load's; a larger one
    /// leaves a little less.
    pub concurrency: u64,
    /// Whether the capacity lies within the uncertainty of the figures.
    pub uncertain: bool,
}

/// What candidates can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The fewest GPUs first, then the highest concurrency.
    Gpus,
    /// The highest concurrency first, then the fewest GPUs.
    Concurrency,
    /// The highest concurrency for each GPU first.
    ConcurrencyPerGpu,
    /// The most room first.
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

    /// The name, as the native command takes it.
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

    /// Sorts candidates; equal ones stay in their order.
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
    /// The deployment, which `base` and the load leave open in nothing.
    pub fn deployment(&self, base: &Deployment, load: Load) -> Deployment {
        let mut deployment = neutral(base, load);
        self.apply(&mut deployment, load);
        deployment
    }

    /// Sequences at once for each GPU.
    pub fn per_gpu(&self) -> f64 {
        self.concurrency as f64 / self.gpus.max(1) as f64
    }

    fn apply(&self, deployment: &mut Deployment, load: Load) {
        let shape = Shape { tp_size: self.tp_size, pp_size: self.pp_size, moe_ep_size: self.moe_ep_size };
        shape.apply(deployment);
        deployment.gpu = self.gpu.clone();
        deployment.precision.quant_algo = self.quant_algo;
        deployment.precision.kv_cache_dtype = self.kv_cache_dtype;
        load.size_batch(deployment);
    }
}

/// The places of the candidates that no other one beats in GPUs and concurrency both, by GPUs. Of equal ones the first stands for all.
pub fn frontier(candidates: &[Candidate]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..candidates.len()).collect();
    places.sort_by_key(|place| (candidates[*place].gpus, std::cmp::Reverse(candidates[*place].concurrency), *place));
    let mut best = 0;
    places.retain(|place| {
        let better = candidates[*place].concurrency > best;
        best = best.max(candidates[*place].concurrency);
        better
    });
    places
}

/// As a row of JSON; sizes are bytes.
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
