//! A file about a model, whichever of the known kinds it is.

use super::hf_config::{self, HfConfig};
use super::report::{ReadError, ReadReport};
use super::safetensors::{self, Checkpoint};
use super::spanned_json;
use super::trtllm_config::{self, TrtConfig};
use crate::deployment::{Deployment, KvCacheDtype, QuantAlgo};

/// What a file says, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelFile {
    /// A Hugging Face `config.json`.
    Config(HfConfig),
    /// An `hf_quant_config.json`: the types alone.
    Quantization(Option<QuantAlgo>, Option<KvCacheDtype>, ReadReport),
    /// A safetensors header, or an index.
    Tensors(Checkpoint),
    /// A TensorRT-LLM checkpoint's or engine's `config.json`.
    TrtLlm(TrtConfig),
}

/// Reads a file of any of these kinds. `hint`, its path or repository, may name the model.
///
/// # Errors
/// Where it is none of them, or can't be right.
/// ```
/// use trtllm_memory::{deployment::Deployment, import::model_file, memory::estimate};
/// let config = br#"{"architectures": ["LlamaForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 16,
///     "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 128256,
///     "max_position_embeddings": 8192, "head_dim": 64}"#;
/// let file = model_file::read(config, "config.json").unwrap();
/// let mut deployment = Deployment::default();
/// file.apply(&mut deployment);
/// assert!(estimate(&deployment).unwrap().verdict.fits());
///
/// let error = model_file::read(br#"{"model_type": "llama"}"#, "config.json").unwrap_err();
/// assert!(error.to_string().contains("num_hidden_layers"));
/// ```
pub fn read(bytes: &[u8], hint: &str) -> Result<ModelFile, ReadError> {
    if safetensors::is_one(bytes) {
        return safetensors::read_header(bytes).map(ModelFile::Tensors);
    }
    // An index is larger than a configuration, but reads the same.
    if bytes.len() > 1 << 20 && bytes.windows(12).take(4096).any(|window| window == b"\"weight_map\"") {
        return safetensors::read_index(bytes).map(ModelFile::Tensors);
    }
    let root = spanned_json::parse(hf_config::text(bytes)?)?;
    if root.get("weight_map").is_some() {
        safetensors::from_index(&root).map(ModelFile::Tensors)
    } else if trtllm_config::is_one(&root) {
        trtllm_config::from_node(&root, hint).map(ModelFile::TrtLlm)
    } else if root.get("quantization").is_some() && root.get("hidden_size").is_none() {
        hf_config::read_quantization(bytes).map(|(algo, cache, report)| ModelFile::Quantization(algo, cache, report))
    } else {
        hf_config::from_node(&root, hint).map(ModelFile::Config)
    }
}

impl ModelFile {
    /// Puts what the file says into a deployment.
    pub fn apply(&self, deployment: &mut Deployment) {
        match self {
            ModelFile::Config(config) => config.apply(deployment),
            ModelFile::TrtLlm(config) => config.apply(deployment),
            ModelFile::Tensors(checkpoint) => {
                if let Some(model) = &checkpoint.model {
                    deployment.model = model.clone();
                }
            }
            ModelFile::Quantization(algo, cache, _) => {
                deployment.precision.quant_algo = algo.unwrap_or(deployment.precision.quant_algo);
                deployment.precision.kv_cache_dtype = cache.unwrap_or(deployment.precision.kv_cache_dtype);
            }
        }
    }

    /// What was read, assumed and ignored.
    pub fn report(&self) -> &ReadReport {
        match self {
            ModelFile::Config(config) => &config.report,
            ModelFile::TrtLlm(config) => &config.report,
            ModelFile::Tensors(checkpoint) => &checkpoint.report,
            ModelFile::Quantization(_, _, report) => report,
        }
    }

    /// The link keys of settings that are fixed: those of a built engine.
    pub fn locked(&self) -> Vec<&'static str> {
        match self {
            ModelFile::TrtLlm(config) => config.locked(),
            _ => Vec::new(),
        }
    }
}
