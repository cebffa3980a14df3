//! The one table of settings: link keys, how each is read, written and entered, and what it means. Links, the
//! page's inputs, the native command and the README's table are all made from it.

use super::{Backend, Deployment, KvCacheDtype, Plan, QuantAlgo, Version};
use crate::architecture::{self, Dtype};
use crate::gpu;
use crate::units::grouped;

/// Where a setting stands on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What is served.
    Model,
    /// The GPUs, and how the model is divided among them.
    Gpus,
    /// Types of weights, computation and KV cache.
    Precision,
    /// Limits that an engine is built with.
    BuildLimits,
    /// The KV cache and other run-time settings.
    KvCache,
    /// What few people change.
    Advanced,
}

impl Group {
    /// Every group, in the order of the page.
    pub const ALL: [Group; 6] =
        [Group::Model, Group::Gpus, Group::Precision, Group::BuildLimits, Group::KvCache, Group::Advanced];

    /// The heading.
    pub fn label(self) -> &'static str {
        match self {
            Group::Model => "Model",
            Group::Gpus => "GPUs",
            Group::Precision => "Precision",
            Group::BuildLimits => "Build limits",
            Group::KvCache => "KV cache",
            Group::Advanced => "Advanced",
        }
    }
}

/// When a setting is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// With the machine.
    Hardware,
    /// When the engine is built.
    Build,
    /// When the engine is started.
    Run,
}

impl Fixed {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Fixed::Hardware => "hardware",
            Fixed::Build => "build time",
            Fixed::Run => "run time",
        }
    }
}

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// A model's name, found by typing a part of it.
    Model,
    /// A GPU of the catalogue.
    Gpu,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A whole number, most often one of a few.
    Steps {
        /// The usual values.
        usual: &'static [u64],
        /// The largest.
        max: u64,
    },
    /// A whole number with a slider.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
        /// The largest that the slider reaches.
        slider_max: u64,
    },
    /// A number between 0 and 1 with a slider.
    Fraction,
    /// A size in GiB.
    Gib,
    /// On or off.
    Toggle,
}

/// One setting.
#[derive(Debug)]
pub struct Field {
    /// TensorRT-LLM's name; the key in links and the control's `id`.
    pub key: &'static str,
    /// Where it stands.
    pub group: Group,
    /// When it is fixed.
    pub fixed: Fixed,
    /// How it is entered.
    pub input: Input,
    /// Whether it may be left to TensorRT-LLM.
    pub optional: bool,
    /// A plain line about it.
    pub help: &'static str,
    /// Reads a text into a deployment, or says what would be right.
    pub read: fn(&mut Deployment, &str) -> Result<(), String>,
    /// The setting as text; empty where it is left to TensorRT-LLM.
    pub write: fn(&Deployment) -> String,
    /// What TensorRT-LLM makes of it, as text; empty where that is nothing.
    pub effective: fn(&Plan) -> String,
}

/// The setting with this link key, upper and lower case being alike.
pub fn field(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key.eq_ignore_ascii_case(key))
}

fn whole(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let advice = || format!("must be a whole number from {} to {}", grouped(min), grouped(max));
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    match digits.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(advice()),
    }
}

fn decimal(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

fn gib(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|size| *size > 0.0 && *size <= MAX_GIB)
        .ok_or_else(|| format!("must be a size in GiB above 0 and up to {}", grouped(MAX_GIB as u64)))
}

fn fraction(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| "must be a fraction above 0 and below 1, such as 0.9".into())
}

fn toggle(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "yes" | "enable" => Ok(true),
        "false" | "off" | "0" | "no" | "disable" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn choice<T>(text: &str, found: Option<T>, names: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| format!("must be one of {}; {text:?} is none of them", names.join(", ")))
}

fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match text.trim() {
        "" | "none" | "auto" => Ok(None),
        text => read(text).map(Some),
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn nothing(_: &Plan) -> String {
    String::new()
}

const MAX_GIB: f64 = 16_384.0;
const MAX_RANKS: u64 = 1024;
const MAX_BATCH: u64 = 1 << 20;
const MAX_TOKENS: u64 = 1 << 32;
const DTYPES: &[&str] = &["auto", "float16", "bfloat16", "float32"];
const LOGITS_DTYPES: &[&str] = &["auto", "float32", "float16", "bfloat16"];

/// A whole-number setting that may be left to TensorRT-LLM.
macro_rules! optional_whole {
    ($key:ident, $group:expr, $fixed:expr, $min:expr, $max:expr, $slider_max:expr, $effective:expr, $help:expr) => {
        Field {
            key: stringify!($key),
            group: $group,
            fixed: $fixed,
            input: Input::Whole { min: $min, max: $max, slider_max: $slider_max },
            optional: true,
            help: $help,
            read: |d, t| optional(t, |t| whole(t, $min, $max)).map(|v| d.$key = v),
            write: |d| text(d.$key),
            effective: $effective,
        }
    };
}

/// A whole-number setting that is usually one of a few values.
macro_rules! steps {
    ($key:ident, $usual:expr, $help:expr) => {
        Field {
            key: stringify!($key),
            group: Group::Gpus,
            fixed: Fixed::Build,
            input: Input::Steps { usual: $usual, max: MAX_RANKS },
            optional: false,
            help: $help,
            read: |d, t| whole(t, 1, MAX_RANKS).map(|v| d.$key = v),
            write: |d| d.$key.to_string(),
            effective: |p| p.$key.to_string(),
        }
    };
}

/// An on-or-off setting that is on or off by default.
macro_rules! switch {
    ($key:ident, $help:expr) => {
        Field {
            key: stringify!($key),
            group: Group::Advanced,
            fixed: Fixed::Build,
            input: Input::Toggle,
            optional: false,
            help: $help,
            read: |d, t| toggle(t).map(|v| d.$key = v),
            write: |d| d.$key.to_string(),
            effective: |p| p.$key.to_string(),
        }
    };
}

/// An on-or-off setting whose default depends on other settings.
macro_rules! optional_switch {
    ($key:ident, $help:expr) => {
        Field {
            key: stringify!($key),
            group: Group::Advanced,
            fixed: Fixed::Build,
            input: Input::Toggle,
            optional: true,
            help: $help,
            read: |d, t| optional(t, toggle).map(|v| d.$key = v),
            write: |d| text(d.$key),
            effective: |p| p.$key.to_string(),
        }
    };
}

/// Every setting, in the order of links and of the page.
pub static FIELDS: &[Field] = &[
    Field {
        key: "model",
        group: Group::Model,
        fixed: Fixed::Build,
        input: Input::Model,
        optional: false,
        help: "A Hugging Face repository name or a short one; type a part of it.",
        read: |d, t| {
            let found = architecture::find(t.trim()).ok_or_else(|| match architecture::suggest(t).first() {
                Some(near) => format!("isn't in the catalogue; the nearest is {}", near.name),
                None => "isn't in the catalogue; `trtllm-memory models` lists it".into(),
            })?;
            d.model = found;
            Ok(())
        },
        write: |d| d.model.name.clone(),
        effective: nothing,
    },
    Field {
        key: "gpu",
        group: Group::Gpus,
        fixed: Fixed::Hardware,
        input: Input::Gpu,
        optional: false,
        help: "The card; every rank runs on one of these.",
        read: |d, t| {
            let found = gpu::find(t.trim()).ok_or_else(|| match gpu::suggest(t).first() {
                Some(near) => format!("isn't in the catalogue; the nearest is {}", near.id),
                None => {
                    "isn't in the catalogue; `trtllm-memory gpus` lists it, and gpu_memory_gib gives any amount".into()
                }
            })?;
            d.gpu = found;
            Ok(())
        },
        write: |d| d.gpu.id.to_string(),
        effective: nothing,
    },
    steps!(tp_size, &[1, 2, 4, 8], "Tensor parallelism: ranks that share every layer."),
    steps!(pp_size, &[1, 2, 4, 8], "Pipeline parallelism: stages that the layers are divided into."),
    Field {
        key: "moe_tp_size",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Steps { usual: &[1, 2, 4, 8], max: MAX_RANKS },
        optional: true,
        help: "Of the tp_size ranks, how many share each expert. moe_tp_size · moe_ep_size = tp_size.",
        read: |d, t| optional(t, |t| whole(t, 1, MAX_RANKS)).map(|v| d.moe_tp_size = v),
        write: |d| text(d.moe_tp_size),
        effective: |p| p.moe_tp_size.to_string(),
    },
    Field {
        key: "moe_ep_size",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Steps { usual: &[1, 2, 4, 8], max: MAX_RANKS },
        optional: true,
        help: "Of the tp_size ranks, how many the experts are divided among.",
        read: |d, t| optional(t, |t| whole(t, 1, MAX_RANKS)).map(|v| d.moe_ep_size = v),
        write: |d| text(d.moe_ep_size),
        effective: |p| p.moe_ep_size.to_string(),
    },
    Field {
        key: "quant_algo",
        group: Group::Precision,
        fixed: Fixed::Build,
        input: Input::Choice(QuantAlgo::NAMES),
        optional: false,
        help: "How the weights are quantized; NO_QUANT keeps them in dtype.",
        read: |d, t| {
            let name = if t.trim().eq_ignore_ascii_case("none") { "NO_QUANT" } else { t.trim() };
            choice(t, QuantAlgo::parse(name), QuantAlgo::NAMES).map(|v| d.quant_algo = v)
        },
        write: |d| d.quant_algo.to_string(),
        effective: nothing,
    },
    Field {
        key: "kv_cache_dtype",
        group: Group::Precision,
        fixed: Fixed::Build,
        input: Input::Choice(KvCacheDtype::NAMES),
        optional: false,
        help: "The type of the KV cache's values; auto follows dtype.",
        read: |d, t| choice(t, KvCacheDtype::parse(t.trim()), KvCacheDtype::NAMES).map(|v| d.kv_cache_dtype = v),
        write: |d| d.kv_cache_dtype.to_string(),
        effective: |p| p.kv_cache_dtype.to_string(),
    },
    Field {
        key: "dtype",
        group: Group::Precision,
        fixed: Fixed::Build,
        input: Input::Choice(DTYPES),
        optional: false,
        help: "The type that the model computes in; auto follows the checkpoint.",
        read: |d, t| optional(t, |t| choice(t, Dtype::parse(t), DTYPES)).map(|v| d.dtype = v),
        write: |d| d.dtype.map_or_else(|| "auto".into(), |dtype| dtype.to_string()),
        effective: |p| p.dtype.to_string(),
    },
    optional_whole!(
        max_batch_size,
        Group::BuildLimits,
        Fixed::Build,
        1,
        MAX_BATCH,
        4096,
        |p| p.max_batch_size.to_string(),
        "Most sequences in a batch. With pp_size > 1 it bounds each micro-batch."
    ),
    optional_whole!(
        max_num_tokens,
        Group::BuildLimits,
        Fixed::Build,
        1,
        MAX_TOKENS,
        131_072,
        |p| p.max_num_tokens.to_string(),
        "Most tokens in a step, prompts and generated ones together. Activations grow with it."
    ),
    optional_whole!(
        max_seq_len,
        Group::BuildLimits,
        Fixed::Build,
        1,
        MAX_TOKENS,
        1 << 20,
        |p| p.max_seq_len.to_string(),
        "Longest sequence, prompt and output. Left alone it is the model's own limit."
    ),
    Field {
        key: "free_gpu_memory_fraction",
        group: Group::KvCache,
        fixed: Fixed::Run,
        input: Input::Fraction,
        optional: true,
        help: "Share of the memory still free that the KV cache takes: 0.9 unless max_tokens is given.",
        read: |d, t| optional(t, fraction).map(|v| d.free_gpu_memory_fraction = v),
        write: |d| text(d.free_gpu_memory_fraction),
        effective: |p| text(p.free_gpu_memory_fraction),
    },
    optional_whole!(
        max_tokens,
        Group::KvCache,
        Fixed::Run,
        1,
        MAX_TOKENS,
        4_194_304,
        |p| text(p.max_tokens),
        "Most tokens that the KV cache holds. With the fraction given too, the smaller counts."
    ),
    Field {
        key: "trtllm_version",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Choice(Version::NAMES),
        optional: false,
        help: "TensorRT-LLM's version: defaults and buffers differ.",
        read: |d, t| choice(t, Version::parse(t.trim()), Version::NAMES).map(|v| d.trtllm_version = v),
        write: |d| d.trtllm_version.to_string(),
        effective: nothing,
    },
    Field {
        key: "backend",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Choice(Backend::NAMES),
        optional: false,
        help: "How TensorRT-LLM runs the model: as an engine that trtllm-build made.",
        read: |d, t| choice(t, Backend::parse(t.trim()), Backend::NAMES).map(|v| d.backend = v),
        write: |d| d.backend.to_string(),
        effective: nothing,
    },
    optional_whole!(
        max_input_len,
        Group::Advanced,
        Fixed::Build,
        1,
        MAX_TOKENS,
        131_072,
        |p| p.max_input_len.to_string(),
        "Longest prompt. Counts when padding isn't removed or context FMHA is off."
    ),
    Field {
        key: "max_beam_width",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Whole { min: 1, max: 8, slider_max: 8 },
        optional: false,
        help: "Most beams of a beam search; each counts like a sequence.",
        read: |d, t| whole(t, 1, 8).map(|v| d.max_beam_width = v),
        write: |d| d.max_beam_width.to_string(),
        effective: |p| p.max_beam_width.to_string(),
    },
    Field {
        key: "tokens_per_block",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Steps { usual: &[16, 32, 64, 128], max: 1024 },
        optional: true,
        help: "Tokens in a block of the KV cache.",
        read: |d, t| optional(t, |t| whole(t, 1, 1024)).map(|v| d.tokens_per_block = v),
        write: |d| text(d.tokens_per_block),
        effective: |p| p.tokens_per_block.to_string(),
    },
    switch!(
        remove_input_padding,
        "Packed inputs: tokens without padding. Off, activations hold max_batch_size · max_input_len tokens."
    ),
    switch!(context_fmha, "Fused attention over prompts. Off, a workspace grows with the square of the prompt length."),
    optional_switch!(
        use_paged_context_fmha,
        "Prompts attend through the paged KV cache, as block reuse and chunked context need."
    ),
    optional_switch!(use_fused_mlp, "Gate and up projections as one GEMM, in 16-bit models with a gated MLP."),
    optional_switch!(use_parallel_embedding, "Divides the embedding table among the tp_size ranks."),
    Field {
        key: "logits_dtype",
        group: Group::Advanced,
        fixed: Fixed::Build,
        input: Input::Choice(LOGITS_DTYPES),
        optional: false,
        help: "The type of the logits; auto is float32, or float16 where ModelOpt made the checkpoint.",
        read: |d, t| optional(t, |t| choice(t, Dtype::parse(t), LOGITS_DTYPES)).map(|v| d.logits_dtype = v),
        write: |d| d.logits_dtype.map_or_else(|| "auto".into(), |dtype| dtype.to_string()),
        effective: |p| p.logits_dtype.to_string(),
    },
    Field {
        key: "gpu_memory_gib",
        group: Group::Advanced,
        fixed: Fixed::Hardware,
        input: Input::Gib,
        optional: true,
        help: "Total memory of a GPU in GiB as CUDA reports it, instead of the catalogue's figure.",
        read: |d, t| optional(t, gib).map(|v| d.gpu_memory_gib = v),
        write: |d| text(d.gpu_memory_gib),
        effective: |p| format!("{:.2}", p.gpu_memory.gib()),
    },
    Field {
        key: "free_memory_gib",
        group: Group::Advanced,
        fixed: Fixed::Run,
        input: Input::Gib,
        optional: true,
        help: "Free memory in GiB that your log printed just before the KV cache was sized, instead of the prediction.",
        read: |d, t| optional(t, gib).map(|v| d.free_memory_gib = v),
        write: |d| text(d.free_memory_gib),
        effective: nothing,
    },
];
