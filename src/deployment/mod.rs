//! The configuration that serves a model: precision, parallelism, build limits, KV cache.
//!
//! A [`Deployment`] is the configuration as given. A [`Resolved`] has every default filled in and
//! every build-time correction of TensorRT-LLM applied, with notes about the corrections.

mod calibrated;
mod config;
mod error;
mod named_values;
mod note;
pub mod presets;
mod resolve;
mod settings;
mod validate;
mod version;

pub use crate::quantization::{KvCacheDtype, QuantAlgo};
pub use calibrated::Calibrated;
pub use config::{
    BuildLimits, Calibration, EngineConfig, KvCacheConfig, Machine, Parallelism, PluginConfig, Precision, PytorchConfig,
};
pub use error::{DeploymentError, InvalidSetting, InvalidValue};
pub use named_values::{
    AllreduceStrategy, Backend, DecodingType, KvCacheType, Launcher, LookaheadConfig, LoraModule, LoraModules,
    MoeBackend, OperatingSystem, Runtime, SpeculativeDecodingMode,
};
pub use note::Note;
pub(crate) use resolve::DEFAULT_MAX_NUM_TOKENS;
pub use resolve::{
    CudaGraphs, Drafts, KvType, Resolved, ResolvedEngine, ResolvedKvCache, ResolvedLimits, ResolvedMachine,
    ResolvedParallelism, ResolvedPrecision, ResolvedPytorch,
};
pub use settings::{Flows, Group, Input, Phase, SETTINGS, Setting, setting};
pub use version::{BEHAVIORS, Behavior, BehaviorRange, Version};

use crate::architecture::ModelRef;
use crate::gpu::GpuRef;
use crate::units::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The configuration as given by the user: *raw* settings, before TensorRT-LLM resolves them.
///
/// The settings have TensorRT-LLM's groups and names. The names are also the keys in links.
/// Defaults are TensorRT-LLM's, with the PyTorch backend and Llama 3.1 8B on one H100.
///
/// A deployment may contain:
///
/// - A value for each setting, whether or not it is compatible with the others. `None` and an empty
///   list mean TensorRT-LLM's default.
/// - Settings of the other backend. They survive a change of the backend and back, and
///   [`resolve`](Self::resolve) ignores them.
/// - Impossible combinations, such as 3 ranks for 32 attention heads, and numbers outside a
///   setting's range. Only `resolve` checks for them, and it returns all of them at once.
///
/// It must not contain values that follow from other settings, the model or the GPU. Such a value
/// would be stale after the next change. It belongs in [`Resolved`], which the memory models read.
///
/// Two deployments are equal if all their settings are equal. An unset setting differs from a
/// setting with the same value.
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
    /// The GPU model; every rank runs on one such GPU.
    pub gpu: GpuRef,
    /// The backend that runs the model.
    pub backend: Backend,
    /// The version of TensorRT-LLM; if unset, the default of the backend.
    pub version: Option<Version>,
    /// The division of the model among GPUs.
    pub parallel: Parallelism,
    /// Types of weights, computation and KV cache.
    pub precision: Precision,
    /// The limits with which an engine is built or the PyTorch backend is started.
    pub limits: BuildLimits,
    /// The KV cache.
    pub kv_cache: KvCacheConfig,
    /// The settings specific to engines.
    pub engine: EngineConfig,
    /// The settings specific to the PyTorch backend.
    pub pytorch: PytorchConfig,
    /// The machine around the GPUs.
    pub machine: Machine,
    /// Sizes measured in a log.
    pub calibration: Calibration,
}

impl Deployment {
    /// Returns an engine of the default model in 16 bit, with TensorRT-LLM's defaults. Links of
    /// version 1 start from it.
    pub fn engine() -> Deployment {
        Deployment {
            backend: Backend::TensorRt,
            precision: Precision { quant_algo: Some(QuantAlgo::None), ..Precision::default() },
            ..Deployment::default()
        }
    }

    /// Returns the defaults of every setting: those of a link that names the model alone, which
    /// brings its backend if only one serves it.
    pub fn defaults(&self) -> Deployment {
        Deployment { backend: self.only_backend().unwrap_or_default(), ..Deployment::default() }
    }

    /// Takes the backend that the model brings: the only one that serves it, or the default one if
    /// the model of `before` brought its own.
    pub fn follow_model(&mut self, before: &Deployment) {
        let brought = before.only_backend() == Some(before.backend) && before.backend != Backend::default();
        match self.only_backend() {
            Some(only) => self.backend = only,
            None if brought => self.backend = Backend::default(),
            None => {}
        }
    }

    /// Returns the only backend that serves the model; `None` if both do.
    pub fn only_backend(&self) -> Option<Backend> {
        let model = &self.model;
        if model.encoder.is_some() {
            Some(Backend::TensorRt)
        } else if model.recurrence.is_some() || model.attention_sinks || model.indexer.is_some() {
            Some(Backend::Pytorch)
        } else {
            None
        }
    }

    /// Resolves every setting as TensorRT-LLM would.
    ///
    /// # Errors
    /// Returns all impossible combinations of settings at once, each at a setting that can correct
    /// it.
    /// ```
    /// use trtllm_memory::deployment::Deployment;
    /// let mut deployment = Deployment { version: "0.13".parse().ok(), ..Deployment::engine() };
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

    /// Returns the deployment without the engine settings, which the PyTorch backend ignores.
    fn without_engine_settings(&self) -> Deployment {
        Deployment { engine: EngineConfig::default(), ..self.clone() }
    }

    /// Returns the total memory of each GPU as CUDA reports it.
    pub fn gpu_memory(&self) -> Bytes {
        self.machine.gpu_memory_gib.map_or(self.gpu.memory, Bytes::from_gib)
    }

    /// Returns the version of TensorRT-LLM: as given, or the backend's default.
    pub fn version(&self) -> Version {
        self.version.unwrap_or_else(|| Version::default_of(self.backend))
    }

    /// Returns the number of ranks that share each expert, and of ranks that the experts are
    /// divided among.
    pub(crate) fn moe_sizes(&self) -> (u64, u64) {
        let tp_size = self.parallel.tp_size;
        match (self.parallel.moe_tp_size, self.parallel.moe_ep_size) {
            (Some(tp), Some(ep)) => (tp, ep),
            (None, Some(ep)) => (tp_size / ep.max(1), ep),
            (Some(tp), None) => (tp, tp_size / tp.max(1)),
            (None, None) => (tp_size, 1),
        }
    }

    /// Returns the number of GPUs: `tp_size · pp_size`.
    pub fn world_size(&self) -> u64 {
        self.parallel.tp_size.saturating_mul(self.parallel.pp_size)
    }

    /// Returns the settings of this backend that differ from their defaults, with their values as
    /// text.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Setting, String)> {
        let default = self.defaults();
        SETTINGS.iter().filter(|field| field.flows.has(self.backend)).filter_map(move |field| {
            let text = field.write(self);
            (text != field.write(&default)).then_some((field, text))
        })
    }
}

/// Serializes the settings that differ from their defaults, as an object from link key to text.
impl Serialize for Deployment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, text) in self.changed() {
            map.serialize_entry(field.key, &text)?;
        }
        map.end()
    }
}
