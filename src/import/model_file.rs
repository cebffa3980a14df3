//! A file that describes a model, of any supported kind.

use super::foreign;
use super::hf_config::{self, HfConfig};
use super::mistral_params;
use super::quantization::{Quantization, are_alike};
use super::report::{ReadError, ReadReport};
use super::safetensors::{self, Checkpoint, Precision};
use super::spanned_json;
use super::together;
use super::trtllm_config::{self, TrtConfig};
use crate::architecture::{ModelRef, ModulePrecisions};
use crate::deployment::Deployment;

/// The contents of a file, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelFile {
    /// A Hugging Face `config.json`.
    Config(HfConfig),
    /// An `hf_quant_config.json`, which has only types.
    Quantization(Quantization, ReadReport),
    /// A safetensors header, or an index.
    Tensors(Checkpoint),
    /// A TensorRT-LLM checkpoint's or engine's `config.json`.
    TrtLlm(TrtConfig),
}

/// Reads a file of any of these kinds. Its path or repository, `hint`, may name the model.
///
/// # Errors
/// If it is of no supported kind, or if its contents are impossible.
/// ```
/// use trtllm_memory::{deployment::Deployment, import::model_file, memory::estimate};
/// let config = br#"{"architectures": ["LlamaForCausalLM"], "num_hidden_layers": 16,
///     "hidden_size": 2048, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
///     "intermediate_size": 8192, "vocab_size": 128256, "max_position_embeddings": 8192}"#;
/// let file = model_file::read(config, "config.json").unwrap();
/// let mut deployment = Deployment::default();
/// file.apply(&mut deployment);
/// assert!(estimate(&deployment).unwrap().verdict.fits());
///
/// let error = model_file::read(br#"{"model_type": "llama"}"#, "config.json").unwrap_err();
/// assert!(error.to_string().contains("num_hidden_layers"));
/// ```
pub fn read(bytes: &[u8], hint: &str) -> Result<ModelFile, ReadError> {
    if safetensors::header_len(bytes).is_some() {
        return safetensors::read_header_of(bytes, hint).map(ModelFile::Tensors);
    }
    if let Some(message) = foreign::binary(bytes) {
        return Err(ReadError::whole(message));
    }
    // An index may exceed the size limit of a configuration.
    if bytes.len() > 1 << 20 && bytes.windows(12).take(4096).any(|window| window == b"\"weight_map\"") {
        return safetensors::read_index(bytes).map(ModelFile::Tensors);
    }
    let root = spanned_json::parse(hf_config::text(bytes)?)?;
    if root.get("weight_map").is_some() {
        safetensors::from_index(&root).map(ModelFile::Tensors)
    } else if trtllm_config::is_trtllm_config(&root) {
        trtllm_config::from_node(&root, hint).map(ModelFile::TrtLlm)
    } else if mistral_params::is_params(&root) {
        hf_config::from_node(&mistral_params::translated(&root)?, hint, None).map(ModelFile::Config)
    } else if let Some(message) = foreign::file(&root) {
        Err(ReadError::whole(message))
    } else if root.get("quantization").is_some() && root.get("hidden_size").is_none() {
        hf_config::quantization_of(&root).map(|(stated, report)| ModelFile::Quantization(stated, report))
    } else {
        hf_config::from_node(&root, hint, None).map(ModelFile::Config)
    }
}

impl ModelFile {
    /// The kind of file, as a noun phrase.
    pub fn kind(&self) -> &'static str {
        match self {
            ModelFile::Config(_) => "a Hugging Face config.json",
            ModelFile::Tensors(checkpoint) if checkpoint.is_index() => "the index of a safetensors checkpoint",
            ModelFile::Tensors(_) => "the header of a safetensors file",
            ModelFile::TrtLlm(config) if config.is_engine => "the config.json of a TensorRT-LLM engine",
            ModelFile::TrtLlm(_) => "the config.json of a TensorRT-LLM checkpoint",
            ModelFile::Quantization(..) => "an hf_quant_config.json, which has only types",
        }
    }

    /// The model; `None` if the file does not determine it.
    pub fn model(&self) -> Option<&ModelRef> {
        match self {
            ModelFile::Config(config) => Some(&config.model),
            ModelFile::TrtLlm(config) => Some(&config.model),
            ModelFile::Tensors(checkpoint) => checkpoint.model.as_ref().ok(),
            ModelFile::Quantization(..) => None,
        }
    }

    /// The reason why the file does not determine the model, with the file to give instead; `None`
    /// if it does.
    pub fn lack_of_model(&self) -> Option<String> {
        let why = match self {
            ModelFile::Config(_) | ModelFile::TrtLlm(_) => return None,
            ModelFile::Tensors(checkpoint) => checkpoint.model.as_ref().err()?.to_string(),
            ModelFile::Quantization(..) => "It has the quantization of the weights, but no dimensions.".into(),
        };
        Some(format!(
            "This is {}. {why} Give the config.json beside it, or add the model, such as \
             model=Qwen/Qwen3-8B.",
            self.kind()
        ))
    }

    /// The quantization of the weights if no `quant_algo` describes it, with the setting to add;
    /// `None` otherwise.
    pub fn lack_of_quantization(&self) -> Option<String> {
        let ModelFile::Tensors(checkpoint) = self else { return None };
        let formats = checkpoint.undescribed()?;
        Some(format!(
            "This is {}. Its linear layers are in {formats}, which no quant_algo describes. Add the nearest one, \
             such as quant_algo=W4A16_AWQ.",
            self.kind()
        ))
    }

    /// Applies the contents of the file to a deployment. A file without a model sets only types.
    pub fn apply(&self, deployment: &mut Deployment) {
        match self {
            ModelFile::Config(config) => config.apply(deployment),
            ModelFile::TrtLlm(config) => config.apply(deployment),
            ModelFile::Tensors(Checkpoint { model: Ok(model), .. }) => {
                deployment.model = model.clone();
                deployment.precision.quant_algo = None;
            }
            ModelFile::Tensors(checkpoint) => {
                if let Precision::Quantized(algo) = checkpoint.precision {
                    deployment.precision.quant_algo = Some(algo);
                }
            }
            ModelFile::Quantization(stated, _) => {
                deployment.precision.quant_algo = Some(stated.main());
                deployment.precision.kv_cache_dtype = stated.kv_cache_dtype();
            }
        }
    }

    /// Applies the precision of each module to a deployment whose model is known, if the file has
    /// precisions but no model, and if no `quant_algo` describes them.
    pub fn apply_precisions(&self, deployment: &mut Deployment) {
        let ModelFile::Quantization(stated, _) = self else { return };
        let model = &deployment.model;
        let Ok(stored) = stated.stored(model, &mut ReadReport::default()) else { return };
        if are_alike(model, &stored.precisions, &ModulePrecisions::everywhere(stated.main())) {
            return;
        }
        let (name, mut recipe) = (model.name.clone(), model.to_recipe());
        if recipe.name == "custom" {
            recipe.name = name.into();
        }
        recipe.store(&stored);
        deployment.model = ModelRef::custom(recipe);
        deployment.precision.quant_algo = None;
    }

    /// Compares the tensors of a file that does not determine the model with a given one. Returns
    /// what differs; nothing for other files.
    ///
    /// # Errors
    /// If the tensors are those of another model.
    pub fn compared_with(&self, model: &ModelRef) -> Result<ReadReport, ReadError> {
        match self {
            ModelFile::Tensors(tensors) if tensors.model.is_err() => together::compared(self.kind(), model, tensors),
            _ => Ok(ReadReport::default()),
        }
    }

    /// The fields that were read, assumed and ignored.
    pub fn report(&self) -> &ReadReport {
        match self {
            ModelFile::Config(config) => &config.report,
            ModelFile::TrtLlm(config) => &config.report,
            ModelFile::Tensors(checkpoint) => &checkpoint.report,
            ModelFile::Quantization(_, report) => report,
        }
    }

    pub(super) fn report_mut(&mut self) -> &mut ReadReport {
        match self {
            ModelFile::Config(config) => &mut config.report,
            ModelFile::TrtLlm(config) => &mut config.report,
            ModelFile::Tensors(checkpoint) => &mut checkpoint.report,
            ModelFile::Quantization(_, report) => report,
        }
    }

    /// The link keys of settings that can't be changed: those of a built engine.
    pub fn locked(&self) -> Vec<&'static str> {
        match self {
            ModelFile::TrtLlm(config) => config.locked(),
            _ => Vec::new(),
        }
    }
}
