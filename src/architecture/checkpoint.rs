//! How the repository of a model stores its weights.

use super::ModulePrecisions;
use crate::explanation_text::explanation_text;
use crate::named_values::named_values;
use crate::quantization::QuantAlgo;

/// The storage of a repository on Hugging Face.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the catalogue's model with the same dimensions, if this repository is one of its
    /// quantized versions.
    pub base: Option<String>,
    /// The format of the quantized tensors; `None` if nothing is quantized.
    pub method: Option<QuantMethod>,
    /// The precision of each block of linear layers.
    pub precisions: ModulePrecisions,
    /// The KV cache that the files ask for.
    pub kv_cache: StoredKvCache,
    /// The source of these facts.
    pub evidence: CheckpointEvidence,
}

named_values! {
    /// The format of a checkpoint's quantized tensors: `quant_method` of `quantization_config`, or
    /// ModelOpt, which writes `hf_quant_config.json`.
    QuantMethod {
        /// NVIDIA's ModelOpt.
        ModelOpt = "modelopt",
        /// FP8 with scales per block or per tensor, as DeepSeek and Qwen write it.
        Fp8 = "fp8",
        /// MXFP4, as OpenAI writes it.
        Mxfp4 = "mxfp4",
        /// The compressed-tensors library of vLLM's LLM Compressor.
        CompressedTensors = "compressed-tensors",
        /// AutoAWQ.
        Awq = "awq",
        /// GPTQ.
        Gptq = "gptq",
        /// Meta's FBGEMM.
        FbgemmFp8 = "fbgemm_fp8",
        /// MXFP8.
        Mxfp8 = "mxfp8",
        /// Intel's AutoRound.
        AutoRound = "auto-round",
        /// AMD's Quark.
        Quark = "quark",
        /// PyTorch's TorchAO.
        TorchAo = "torchao",
        /// Half-quadratic quantization.
        Hqq = "hqq",
        /// bitsandbytes.
        BitsAndBytes = "bitsandbytes",
        /// Apple's MLX.
        Mlx = "mlx",
    }
}

named_values! {
    /// The KV cache that a checkpoint's files ask for.
    #[derive(Default)]
    StoredKvCache {
        /// The type of the model's computation: the files name no other.
        #[default]
        Auto = "auto",
        /// FP8.
        Fp8 = "fp8",
        /// Not known.
        Unknown = "unknown",
    }
}

/// The source of what is known about a checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckpointEvidence {
    /// The files themselves, or their tensors' headers.
    #[default]
    Files,
    /// The repository's card, or its authors' documentation.
    Card,
    /// The repository's name, a sibling, or the number of its elements.
    Inferred,
}

impl CheckpointEvidence {
    /// Returns the source as the end of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            CheckpointEvidence::Files => explanation_text("as its files say"),
            CheckpointEvidence::Card => explanation_text("as its authors document"),
            CheckpointEvidence::Inferred => explanation_text("inferred from its name and its siblings"),
        }
    }
}

impl Checkpoint {
    /// Returns the reason why the PyTorch backend does not load these tensors; `None` if it does
    /// (`tensorrt_llm/_torch/model_config.py` load_quant_config_from_hf).
    pub fn unreadable(&self) -> Option<&'static str> {
        let algo = self.precisions.main();
        match (self.method?, algo) {
            (QuantMethod::Awq, _) => Some("AutoAWQ's format"),
            (QuantMethod::Gptq, _) => Some("GPTQ's format"),
            (QuantMethod::FbgemmFp8, _) => Some("FBGEMM's FP8"),
            (QuantMethod::AutoRound, _) => Some("AutoRound's format"),
            (QuantMethod::Quark, _) => Some("Quark's format"),
            (QuantMethod::TorchAo, _) => Some("TorchAO's format"),
            (QuantMethod::Hqq, _) => Some("HQQ's format"),
            (QuantMethod::BitsAndBytes, _) => Some("bitsandbytes' format"),
            (QuantMethod::Mlx, _) => Some("MLX's format"),
            (QuantMethod::CompressedTensors, QuantAlgo::Fp8) => Some("compressed-tensors' FP8 with a scale per tensor"),
            (QuantMethod::CompressedTensors, algo) if algo.is_integer() => Some("compressed-tensors' integer formats"),
            _ => None,
        }
    }

    /// Returns a short name of the storage, such as `FP8 blocks` or `MXFP4 experts`; empty without
    /// quantization.
    pub fn label(&self) -> String {
        let main = self.precisions.main();
        let part = if self.precisions.is_only_of_experts() { " experts" } else { "" };
        if main == QuantAlgo::None { String::new() } else { format!("{}{part}", main.label()) }
    }
}
