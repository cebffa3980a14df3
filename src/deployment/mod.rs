//! How a model is served: precision, parallelism, build limits and the KV cache's share of memory.
//!
//! A [`Deployment`] holds what a person chose, a [`Plan`] what TensorRT-LLM makes of it: every default filled in
//! and every build-time correction applied, with a note for each.

mod fields;
mod plan;
pub mod presets;
mod problem;
mod settings;
mod validate;
mod version;

pub use fields::{FIELDS, Field, Fixed, Group, Input, field};
pub use plan::{KvType, Note, Plan};
pub use problem::{Problem, Problems};
pub use settings::{Backend, KvCacheDtype, QuantAlgo};
pub use version::{CHANGES, Change, Fact, Version};

use crate::architecture::{self, Architecture, Dtype};
use crate::gpu::{self, Gpu};
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What a person chose. `None` leaves the value to TensorRT-LLM. The names are those of TensorRT-LLM and of links.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// What is served.
    pub model: &'static Architecture,
    /// The card; every rank runs on one of these.
    pub gpu: &'static Gpu,
    /// Total memory of a GPU in GiB, where the catalogue's figure isn't right.
    pub gpu_memory_gib: Option<f64>,
    /// Free memory in GiB that a log printed just before the KV cache was sized.
    pub free_memory_gib: Option<f64>,
    /// How the model is run.
    pub backend: Backend,
    /// The version of TensorRT-LLM.
    pub trtllm_version: Version,
    /// Ranks that share every layer.
    pub tp_size: u64,
    /// Stages that the layers are divided into.
    pub pp_size: u64,
    /// Of `tp_size`, ranks that share each expert.
    pub moe_tp_size: Option<u64>,
    /// Of `tp_size`, ranks that the experts are divided among.
    pub moe_ep_size: Option<u64>,
    /// The type that the model computes in.
    pub dtype: Option<Dtype>,
    /// How the weights are quantized.
    pub quant_algo: QuantAlgo,
    /// The type of the KV cache's values.
    pub kv_cache_dtype: KvCacheDtype,
    /// The type of the logits.
    pub logits_dtype: Option<Dtype>,
    /// Most sequences in a batch.
    pub max_batch_size: Option<u64>,
    /// Most tokens in a step.
    pub max_num_tokens: Option<u64>,
    /// Longest prompt, in tokens.
    pub max_input_len: Option<u64>,
    /// Longest sequence, prompt and output, in tokens.
    pub max_seq_len: Option<u64>,
    /// Most beams of a beam search.
    pub max_beam_width: u64,
    /// Tokens in a block of the KV cache.
    pub tokens_per_block: Option<u64>,
    /// Share of the memory still free that the KV cache takes.
    pub free_gpu_memory_fraction: Option<f64>,
    /// Most tokens that the KV cache holds.
    pub max_tokens: Option<u64>,
    /// Whether inputs are packed.
    pub remove_input_padding: bool,
    /// Whether prompts are attended to by fused multi-head attention.
    pub context_fmha: bool,
    /// Whether prompts are attended to through the paged KV cache.
    pub use_paged_context_fmha: Option<bool>,
    /// Whether gate and up projections are one GEMM.
    pub use_fused_mlp: Option<bool>,
    /// Whether the embedding table is divided among the ranks.
    pub use_parallel_embedding: Option<bool>,
}

/// What the page opens on.
const DEFAULT_MODEL: &str = "meta-llama/Llama-3.1-8B";
/// The card that it opens on.
const DEFAULT_GPU: &str = "h100-sxm";

/// TensorRT-LLM's documented defaults, for Llama 3.1 8B on one H100.
impl Default for Deployment {
    fn default() -> Deployment {
        Deployment {
            model: architecture::find(DEFAULT_MODEL).unwrap_or(&architecture::models()[0]),
            gpu: gpu::find(DEFAULT_GPU).unwrap_or(&gpu::gpus()[0]),
            gpu_memory_gib: None,
            free_memory_gib: None,
            backend: Backend::TensorRt,
            trtllm_version: Version { major: 0, minor: 19 },
            tp_size: 1,
            pp_size: 1,
            moe_tp_size: None,
            moe_ep_size: None,
            dtype: None,
            quant_algo: QuantAlgo::None,
            kv_cache_dtype: KvCacheDtype::Auto,
            logits_dtype: None,
            max_batch_size: None,
            max_num_tokens: None,
            max_input_len: None,
            max_seq_len: None,
            max_beam_width: 1,
            tokens_per_block: None,
            free_gpu_memory_fraction: None,
            max_tokens: None,
            remove_input_padding: true,
            context_fmha: true,
            use_paged_context_fmha: None,
            use_fused_mlp: None,
            use_parallel_embedding: None,
        }
    }
}

impl Deployment {
    /// What TensorRT-LLM makes of this deployment.
    ///
    /// # Errors
    /// Every impossible combination of settings, all at once, each at the field that would mend it.
    pub fn plan(&self) -> Result<Plan, Problems> {
        validate::problems(self).map_or_else(|| Ok(Plan::new(self)), Err)
    }

    /// Total memory of each GPU as CUDA reports it.
    pub fn gpu_memory(&self) -> Bytes {
        self.gpu_memory_gib.map_or(self.gpu.memory, Bytes::from_gib)
    }

    /// Number of GPUs: `tp_size · pp_size`.
    pub fn world_size(&self) -> u64 {
        self.tp_size.saturating_mul(self.pp_size)
    }

    /// The fields that differ from their defaults.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Field, String)> {
        let default = Deployment::default();
        FIELDS.iter().filter_map(move |field| {
            let text = (field.write)(self);
            (text != (field.write)(&default)).then_some((field, text))
        })
    }
}

/// As an object of link keys and texts, with what differs from the defaults.
impl Serialize for Deployment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, text) in self.changed() {
            map.serialize_entry(field.key, &text)?;
        }
        map.end()
    }
}
