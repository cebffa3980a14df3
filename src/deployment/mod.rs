//! How a model is served: precision, parallelism, build limits and the KV cache's share of memory.
//!
//! A [`Deployment`] is the configuration as given, a [`Resolved`] what TensorRT-LLM makes of it:
//! every default filled in and every build-time correction applied, with a note for each.

mod calibrated;
mod config;
mod error;
mod fields;
mod named_values;
mod note;
pub mod presets;
mod resolve;
mod validate;
mod version;

pub use calibrated::Calibrated;
pub use config::{
    BuildLimits, Calibration, EngineConfig, KvCacheConfig, Machine, Parallelism, PluginConfig, Precision, PytorchConfig,
};
pub use error::{DeploymentError, InvalidSetting, InvalidValue};
pub use fields::{FIELDS, Field, Flows, Group, Input, Phase, field};
pub use named_values::{
    AllreduceStrategy, Backend, DecodingType, KvCacheDtype, KvCacheType, Launcher, LookaheadConfig, LoraModule,
    LoraModules, MoeBackend, OperatingSystem, QuantAlgo, Runtime, SpeculativeDecodingMode,
};
pub use note::Note;
pub(crate) use resolve::DEFAULT_MAX_NUM_TOKENS;
pub use resolve::{
    CudaGraphs, Drafts, KvType, Resolved, ResolvedEngine, ResolvedKvCache, ResolvedLimits, ResolvedMachine,
    ResolvedParallelism, ResolvedPrecision, ResolvedPytorch,
};
pub use version::{BEHAVIORS, Behavior, BehaviorRange, Version};

use crate::architecture::ModelRef;
use crate::gpu::GpuRef;
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The configuration as given by the user: *raw* settings, before TensorRT-LLM resolves them.
///
/// The settings are in TensorRT-LLM's own groups and have TensorRT-LLM's names, which are the keys
/// in links too. The default is TensorRT-LLM's, for Llama 3.1 8B on one H100.
///
/// What a deployment may hold:
///
/// - A value for each setting, whether or not it goes with the others. `None` and an empty list
///   leave the value to TensorRT-LLM.
/// - Settings of the other backend. They survive a change of the backend and back, and
///   [`resolve`](Self::resolve) ignores them.
/// - Impossible combinations, such as 3 ranks for 32 attention heads, and numbers outside a
///   setting's range. Only `resolve` looks for them, and returns all of them at once.
///
/// What it may not hold: anything that follows from other settings, from the model or from the GPU.
/// Such a value would be stale after the next change. It belongs in [`Resolved`], which the models
/// of memory read.
///
/// Two deployments are equal if every setting is; a setting that is left to TensorRT-LLM differs
/// from one that is set to the same value.
/// ```
/// use trtllm_memory::deployment::{BuildLimits, Deployment, Parallelism};
///
/// let deployment = Deployment {
///     parallel: Parallelism { tp_size: 4, ..Parallelism::default() },
///     limits: BuildLimits { max_batch_size: Some(64), ..BuildLimits::default() },
///     ..Deployment::default()
/// };
/// assert_eq!(deployment.world_size(), 4);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// The model.
    pub model: ModelRef,
    /// The card; every rank runs on one of these.
    pub gpu: GpuRef,
    /// How the model is run.
    pub backend: Backend,
    /// The version of TensorRT-LLM; its default depends on the backend.
    pub version: Option<Version>,
    /// How the model is divided among GPUs.
    pub parallel: Parallelism,
    /// Types of weights, computation and KV cache.
    pub precision: Precision,
    /// Limits that an engine is built with, or the PyTorch backend is started with.
    pub limits: BuildLimits,
    /// The KV cache.
    pub kv_cache: KvCacheConfig,
    /// The settings that only engines have.
    pub engine: EngineConfig,
    /// The settings that only the PyTorch backend has.
    pub pytorch: PytorchConfig,
    /// The machine around the GPUs.
    pub machine: Machine,
    /// Sizes that a log measured.
    pub calibration: Calibration,
}

impl Deployment {
    /// Resolves every setting as TensorRT-LLM would.
    ///
    /// # Errors
    /// Every impossible combination of settings, all at once, each at the field that would mend it.
    /// ```
    /// use trtllm_memory::deployment::Deployment;
    /// let mut deployment = Deployment { version: "0.13".parse().ok(), ..Deployment::default() };
    /// assert_eq!(deployment.resolve().unwrap().limits.max_batch_size, 256);
    /// deployment.parallel.tp_size = 3;
    /// let problems = deployment.resolve().unwrap_err();
    /// assert_eq!(problems.0[0].field, "tp_size");
    /// ```
    pub fn resolve(&self) -> Result<Resolved, DeploymentError> {
        let given = match self.backend {
            Backend::TensorRt => self.clone(),
            Backend::Pytorch => self.without_engine_settings(),
        };
        validate::problems(&given).map_or_else(|| Ok(Resolved::new(given)), Err)
    }

    /// The same deployment without the settings that only engines have: the PyTorch backend ignores
    /// them.
    fn without_engine_settings(&self) -> Deployment {
        Deployment { engine: EngineConfig::default(), ..self.clone() }
    }

    /// Total memory of each GPU as CUDA reports it.
    pub fn gpu_memory(&self) -> Bytes {
        self.machine.gpu_memory_gib.map_or(self.gpu.memory, Bytes::from_gib)
    }

    /// The version of TensorRT-LLM: the one chosen, or the backend's default.
    pub fn version(&self) -> Version {
        self.version.unwrap_or_else(|| Version::default_of(self.backend))
    }

    /// Ranks that share each expert, and ranks that the experts are dealt to.
    pub(crate) fn moe_sizes(&self) -> (u64, u64) {
        let tp_size = self.parallel.tp_size;
        match (self.parallel.moe_tp_size, self.parallel.moe_ep_size) {
            (Some(tp), Some(ep)) => (tp, ep),
            (None, Some(ep)) => (tp_size / ep.max(1), ep),
            (Some(tp), None) => (tp, tp_size / tp.max(1)),
            (None, None) => (tp_size, 1),
        }
    }

    /// Number of GPUs: `tp_size · pp_size`.
    pub fn world_size(&self) -> u64 {
        self.parallel.tp_size.saturating_mul(self.parallel.pp_size)
    }

    /// The fields of this backend that differ from their defaults.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Field, String)> {
        let default = Deployment::default();
        FIELDS.iter().filter(|field| field.flows.has(self.backend)).filter_map(move |field| {
            let text = field.write(self);
            (text != field.write(&default)).then_some((field, text))
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
