//! Model families: the features that configurations leave to the model's class.

use super::{Norm, QkNorm};
use serde::{Deserialize, Serialize};

/// Features that a family's models share and that their configurations rarely state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventions {
    /// The kind of the normalisations.
    pub norm: Norm,
    /// Normalisations in each layer.
    pub norms_per_layer: u32,
    /// Whether the query-key-value projection has a bias.
    pub qkv_bias: bool,
    /// Whether the attention's output projection has a bias.
    pub dense_bias: bool,
    /// Whether the feed-forward projections have biases.
    pub mlp_bias: bool,
    /// Whether the feed-forward block is gated.
    pub gated: bool,
    /// Whether the LM head has a bias.
    pub lm_head_bias: bool,
    /// Normalisation of queries and keys.
    pub qk_norm: QkNorm,
    /// Whether attention and feed-forward block are parallel.
    pub parallel_attention_mlp: bool,
}

const LLAMA: Conventions = Conventions {
    norm: Norm::Scale,
    norms_per_layer: 2,
    qkv_bias: false,
    dense_bias: false,
    mlp_bias: false,
    gated: true,
    lm_head_bias: false,
    qk_norm: QkNorm::Absent,
    parallel_attention_mlp: false,
};

const GPT: Conventions =
    Conventions { norm: Norm::ScaleAndBias, qkv_bias: true, dense_bias: true, mlp_bias: true, gated: false, ..LLAMA };

const fn first(names: &[&'static str]) -> &'static str {
    names[0]
}

macro_rules! families {
    ($($family:ident, $label:literal, [$($model_type:literal),+], $conventions:expr;)+) => {
        /// A family of models, named after the architecture's `model_type` in Hugging Face
        /// configurations.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Family {
            $(#[doc = concat!($label, ", `model_type` ", $("`", $model_type, "` ",)+)] $family,)+
        }

        impl Family {
            /// All families, in the order in which they are displayed.
            pub const ALL: &[Family] = &[$(Family::$family),+];

            /// The `model_type` of each, in the same order.
            pub const NAMES: &[&str] = &[$(first(&[$($model_type),+])),+];

            /// The main `model_type` of the family.
            pub const fn name(self) -> &'static str {
                first(self.model_types())
            }

            /// The display name of the family.
            pub const fn label(self) -> &'static str {
                match self { $(Family::$family => $label),+ }
            }

            /// The values of `model_type` of this family. The catalogue uses the first.
            pub const fn model_types(self) -> &'static [&'static str] {
                match self { $(Family::$family => &[$($model_type),+]),+ }
            }

            /// The features that its models share.
            pub const fn conventions(self) -> Conventions {
                match self { $(Family::$family => $conventions),+ }
            }
        }
    };
}

families! {
    Llama, "Llama", ["llama", "mllama", "exaone", "cwm", "helium", "iquestcoder", "emu3_text_model"],
        LLAMA;
    Llama4, "Llama 4", ["llama4_text", "llama4"], LLAMA;
    Mistral, "Mistral", ["mistral", "ministral3"], LLAMA;
    Mixtral, "Mixtral", ["mixtral"], LLAMA;
    Qwen, "Qwen", ["qwen"], Conventions { qkv_bias: true, ..LLAMA };
    Qwen2, "Qwen 1.5, 2 and 2.5",
        [
            "qwen2", "qwen2_vl_text", "qwen2_vl", "qwen2_5_vl_text", "qwen2_5_vl", "qwen2_5_omni_text",
            "qwen2_5_omni_thinker", "qwen2_5_omni"
        ],
        Conventions { qkv_bias: true, ..LLAMA };
    Qwen2Moe, "Qwen 1.5 and 2 MoE", ["qwen2_moe"], Conventions { qkv_bias: true, ..LLAMA };
    Qwen3, "Qwen 3", ["qwen3", "qwen3_vl_text", "qwen3_vl"], Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    Qwen3Moe, "Qwen 3 MoE",
        [
            "qwen3_moe", "qwen3_vl_moe_text", "qwen3_vl_moe", "qwen3_omni_moe_text", "qwen3_omni_moe_thinker",
            "qwen3_omni_moe"
        ],
        Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    Qwen35, "Qwen 3.5", ["qwen3_5", "qwen3_5_text", "qwen3_5_moe_text", "qwen3_5_moe", "qwen3_next"],
        Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    DeepSeek, "DeepSeek MoE", ["deepseek"], LLAMA;
    DeepSeekV2, "DeepSeek V2", ["deepseek_v2"], LLAMA;
    DeepSeekV3, "DeepSeek V3", ["deepseek_v3", "kimi_k2", "sarvam_mla"], LLAMA;
    DeepSeekV32, "DeepSeek V3.2", ["deepseek_v32"], LLAMA;
    Gemma, "Gemma", ["gemma"], LLAMA;
    Gemma2, "Gemma 2", ["gemma2"], Conventions { norms_per_layer: 4, ..LLAMA };
    Gemma3, "Gemma 3", ["gemma3_text", "gemma3"], Conventions { norms_per_layer: 4, qk_norm: QkNorm::Head, ..LLAMA };
    Phi, "Phi", ["phi"], Conventions { norms_per_layer: 1, lm_head_bias: true, parallel_attention_mlp: true, ..GPT };
    Phi3, "Phi 3 and 4", ["phi3"], LLAMA;
    PhiMoe, "Phi MoE", ["phimoe"],
        Conventions { norm: Norm::ScaleAndBias, qkv_bias: true, dense_bias: true, lm_head_bias: true, ..LLAMA };
    GptOss, "gpt-oss", ["gpt_oss"], Conventions { qkv_bias: true, dense_bias: true, mlp_bias: true, ..LLAMA };
    Gpt2, "GPT-2", ["gpt2", "gpt-sw3"], GPT;
    GptBigCode, "GPT BigCode", ["gpt_bigcode"], GPT;
    StarCoder2, "StarCoder 2", ["starcoder2"], GPT;
    GptJ, "GPT-J", ["gptj", "codegen"],
        Conventions {
            norms_per_layer: 1, qkv_bias: false, dense_bias: false, lm_head_bias: true, parallel_attention_mlp: true,
            ..GPT
        };
    GptNeoX, "GPT-NeoX", ["gpt_neox"], Conventions { parallel_attention_mlp: true, ..GPT };
    Falcon, "Falcon", ["falcon"],
        Conventions { qkv_bias: false, dense_bias: false, mlp_bias: false, parallel_attention_mlp: true, ..GPT };
    Bloom, "BLOOM", ["bloom"], GPT;
    Opt, "OPT", ["opt"], GPT;
    Mpt, "MPT", ["mpt"],
        Conventions { norm: Norm::Scale, qkv_bias: false, dense_bias: false, mlp_bias: false, ..GPT };
    Dbrx, "DBRX", ["dbrx"], LLAMA;
    Nemotron, "Nemotron", ["nemotron"], Conventions { norm: Norm::ScaleAndBias, gated: false, ..LLAMA };
    NemotronH, "Nemotron-H", ["nemotron_h"], Conventions { norms_per_layer: 1, gated: false, ..LLAMA };
    Cohere, "Command R", ["cohere"], Conventions { norms_per_layer: 1, parallel_attention_mlp: true, ..LLAMA };
    Cohere2, "Command A", ["cohere2", "cohere2_moe"],
        Conventions { norms_per_layer: 1, parallel_attention_mlp: true, ..LLAMA };
    ChatGlm, "ChatGLM and GLM-4", ["chatglm"], Conventions { qkv_bias: true, ..LLAMA };
    Glm, "GLM-4 and GLM-Edge", ["glm"], Conventions { qkv_bias: true, ..LLAMA };
    Glm4, "GLM-4-0414", ["glm4", "glm4v_text", "glm4v", "glm46v", "glmga", "glm_ocr_text", "glm_ocr"],
        Conventions { norms_per_layer: 4, qkv_bias: true, ..LLAMA };
    Glm4Moe, "GLM-4.5", ["glm4_moe", "glm4v_moe_text", "glm4v_moe", "sarvam_moe"],
        Conventions { qkv_bias: true, ..LLAMA };
    Glm4MoeLite, "GLM-4.7-Flash", ["glm4_moe_lite"], LLAMA;
    GlmMoeDsa, "GLM-5", ["glm_moe_dsa"], LLAMA;
    Baichuan, "Baichuan", ["baichuan"], LLAMA;
    InternLm, "InternLM", ["internlm"], Conventions { qkv_bias: true, dense_bias: true, ..LLAMA };
    InternLm2, "InternLM 2", ["internlm2"], LLAMA;
    InternLm3, "InternLM 3", ["internlm3"], LLAMA;
    MiniCpm, "MiniCPM", ["minicpm", "minicpm3"], LLAMA;
    MiniMaxM2, "MiniMax M2", ["minimax_m2"], Conventions { qk_norm: QkNorm::Full, ..LLAMA };
    Orion, "Orion", ["orion"], Conventions { norm: Norm::ScaleAndBias, ..LLAMA };
    MiMo, "MiMo", ["mimo"], Conventions { qkv_bias: true, ..LLAMA };
    StableLm, "StableLM", ["stablelm"], Conventions { norm: Norm::ScaleAndBias, ..LLAMA };
    Granite, "Granite", ["granite", "granite_docling_text"], LLAMA;
    GraniteMoe, "Granite MoE", ["granitemoe", "granitemoeshared"], LLAMA;
    Olmo, "OLMo", ["olmo"], Conventions { norm: Norm::Plain, ..LLAMA };
    Olmo2, "OLMo 2 and 3", ["olmo2", "olmo3"], Conventions { qk_norm: QkNorm::Full, ..LLAMA };
    SmolLm3, "SmolLM 3", ["smollm3"], LLAMA;
    Exaone4, "EXAONE 4", ["exaone4", "exaone4_5_text", "exaone4_5", "exaone_moe"],
        Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    SeedOss, "Seed-OSS", ["seed_oss"], Conventions { qkv_bias: true, ..LLAMA };
    Hunyuan, "Hunyuan", ["hunyuan_v1_moe", "hunyuan_v1_dense", "hy_v3"],
        Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    Arcee, "AFM", ["arcee"], Conventions { gated: false, ..LLAMA };
    AfMoe, "Trinity", ["afmoe"], Conventions { norms_per_layer: 4, qk_norm: QkNorm::Head, ..LLAMA };
    Apertus, "Apertus", ["apertus", "apertus1p5_text"],
        Conventions { qk_norm: QkNorm::Head, gated: false, ..LLAMA };
    Ernie45Moe, "ERNIE 4.5", ["ernie4_5_moe", "ernie4_5", "paddleocr_vl_text"], LLAMA;
    Mistral4, "Mistral 4", ["mistral4"], LLAMA;
    OlMoE, "OLMoE and FlexOlmo", ["olmoe", "flex_olmo"], Conventions { qk_norm: QkNorm::Full, ..LLAMA };
    SolarOpen, "Solar Open", ["solar_open"], LLAMA;
    Aria, "Aria", ["aria", "aria_text"], LLAMA;
    Youtu, "Youtu", ["youtu"], LLAMA;
    Mellum, "Mellum", ["mellum"], Conventions { qk_norm: QkNorm::Head, ..LLAMA };
    HyperClovaX, "HyperCLOVA X", ["hyperclovax"], Conventions { norms_per_layer: 4, ..LLAMA };
    VaultGemma, "VaultGemma", ["vaultgemma"], LLAMA;
    Jais2, "Jais 2", ["jais2"], GPT;
    NanoChat, "nanochat", ["nanochat"], Conventions { norm: Norm::Plain, gated: false, ..LLAMA };
    Persimmon, "Persimmon", ["persimmon"], Conventions { qk_norm: QkNorm::Head, ..GPT };
    T5, "T5", ["t5"], Conventions { norms_per_layer: 3, gated: false, ..LLAMA };
    Bart, "BART", ["bart"], Conventions { norms_per_layer: 3, ..GPT };
    Whisper, "Whisper", ["whisper"], Conventions { norms_per_layer: 3, ..GPT };
}

impl Family {
    /// Whether the PyTorch backend keeps the whole embedding table on every rank.
    /// `modeling_deepseekv3.py` and `modeling_glm.py` create it without a mapping; other models
    /// split it.
    pub const fn keeps_embedding_whole(self) -> bool {
        matches!(
            self,
            Family::DeepSeekV2 | Family::DeepSeekV3 | Family::DeepSeekV32 | Family::GlmMoeDsa | Family::Glm4Moe
        )
    }

    /// Whether the last layer's output is normalised. BART normalises after each block instead.
    pub const fn has_final_norm(self) -> bool {
        !matches!(self, Family::Bart)
    }

    /// Whether keys have a bias if queries and values have one. Whisper's keys have none.
    pub const fn has_key_bias(self) -> bool {
        !matches!(self, Family::Whisper)
    }

    /// The family with this `model_type`.
    pub fn from_model_type(model_type: &str) -> Option<Family> {
        Family::ALL.iter().copied().find(|family| family.model_types().contains(&model_type))
    }
}
