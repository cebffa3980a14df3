//! TensorRT-LLM checkpoints, made by the family's conversion script or by ModelOpt's quantization
//! script.

use super::shell::Line;
use super::{CHECKPOINT_DIR, MODEL_DIR, Step};
use crate::architecture::Family;
use crate::deployment::{Behavior, Deployment, KvCacheDtype, KvType, QuantAlgo, Resolved};

/// The steps that make the checkpoint, with remarks.
pub(super) fn steps(deployment: &Deployment, resolved: &Resolved) -> (Vec<Step>, Vec<String>) {
    let mut notes = Vec::new();
    let Some(how) = how(resolved) else {
        notes.push(format!(
            "No script of TensorRT-LLM makes a checkpoint with quant_algo {} and kv_cache_dtype {}: \
             put your own into the folder {CHECKPOINT_DIR}.",
            resolved.precision.quant_algo, resolved.precision.kv_cache_dtype
        ));
        return (Vec::new(), notes);
    };
    let step = match how {
        How::Quantize(qformat) => {
            if resolved.parallel.moe_ep_size > 1 {
                notes.push(
                    "quantize.py has no flags for expert parallelism: set moe_tp_size and moe_ep_size in \
                     checkpoint/config.json."
                        .into(),
                );
            }
            Step::shell("Quantize the model with ModelOpt", quantize(resolved, qformat))
        }
        How::Convert(flags) => match script(resolved) {
            Some(script) => {
                if flags.calibrated && !matches!(resolved.model.family, Family::Llama) {
                    notes.push(format!(
                        "Not every family's script has these flags; `python3 {script} --help` lists them."
                    ));
                }
                Step::shell("Convert the checkpoint", convert(deployment, resolved, &script, &flags))
            }
            None => {
                notes.push(format!(
                    "TensorRT-LLM has no script that converts {} checkpoints for engines: \
                     put your own into the folder {CHECKPOINT_DIR}.",
                    resolved.model.family.label()
                ));
                return (Vec::new(), notes);
            }
        },
    };
    (vec![step], notes)
}

/// A script that makes a checkpoint.
enum How {
    /// `quantize.py` with this `--qformat`.
    Quantize(&'static str),
    /// `convert_checkpoint.py` with these flags.
    Convert(Flags),
}

/// Flags of `convert_checkpoint.py` (`examples/llama`).
struct Flags {
    quantization: &'static str,
    int8_kv_cache: bool,
    /// Whether some of the flags are known for Llama's script only.
    calibrated: bool,
}

/// The script that makes a checkpoint of this precision; `None` if there is none.
fn how(resolved: &Resolved) -> Option<How> {
    let int8_kv_cache = resolved.precision.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Int8);
    let fp8_kv_cache = resolved.precision.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Fp8);
    if resolved.precision.kv_cache_dtype == KvType::Quantized(KvCacheDtype::Nvfp4) {
        return None;
    }
    let convert = |quantization: &'static str, calibrated: bool| {
        let calibrated = calibrated || int8_kv_cache;
        // For an fp8 cache, quantize.py is the only script that works for every family.
        (!fp8_kv_cache).then_some(How::Convert(Flags { quantization, int8_kv_cache, calibrated }))
    };
    match resolved.precision.quant_algo {
        QuantAlgo::None if fp8_kv_cache => Some(How::Quantize("full_prec")),
        QuantAlgo::None => convert("", false),
        QuantAlgo::W8A16 if fp8_kv_cache => Some(How::Quantize("int8_wo")),
        QuantAlgo::W8A16 => convert("--use_weight_only --weight_only_precision int8", false),
        QuantAlgo::W4A16 if fp8_kv_cache => Some(How::Quantize("int4_wo")),
        QuantAlgo::W4A16 => convert("--use_weight_only --weight_only_precision int4", false),
        QuantAlgo::W4A16Awq => Some(How::Quantize("int4_awq")),
        QuantAlgo::W4A8Awq => Some(How::Quantize("w4a8_awq")),
        QuantAlgo::Fp8 => Some(How::Quantize("fp8")),
        QuantAlgo::Nvfp4 => Some(How::Quantize("nvfp4")),
        QuantAlgo::W8A8SqPerChannel => Some(How::Quantize("int8_sq")),
        QuantAlgo::W4A16Gptq => convert(
            "--use_weight_only --weight_only_precision int4_gptq --per_group --quant_ckpt_path gptq.safetensors",
            true,
        ),
        QuantAlgo::W8A16Gptq => convert(
            "--use_weight_only --weight_only_precision int8_gptq --per_group --quant_ckpt_path gptq.safetensors",
            true,
        ),
        QuantAlgo::W8A8SqPerTensorPlugin => convert("--smoothquant 0.5", true),
        QuantAlgo::W8A8SqPerChannelPerTokenPlugin => convert("--smoothquant 0.5 --per_channel --per_token", true),
        QuantAlgo::W8A8SqPerChannelPerTensorPlugin => convert("--smoothquant 0.5 --per_channel", true),
        QuantAlgo::W8A8SqPerTensorPerTokenPlugin => convert("--smoothquant 0.5 --per_token", true),
        QuantAlgo::W4A8QservePerGroup => convert("--use_qserve --per_group --quant_ckpt_path qserve", true),
        QuantAlgo::W4A8QservePerChannel => convert("--use_qserve --quant_ckpt_path qserve", true),
        QuantAlgo::Fp8PerChannelPerToken => convert("--use_fp8_rowwise", true),
        QuantAlgo::Fp8BlockScales
        | QuantAlgo::W4A8Nvfp4Fp8
        | QuantAlgo::W4A16Mxfp4
        | QuantAlgo::W4A8Mxfp4Mxfp8
        | QuantAlgo::W4A8Mxfp4Fp8
        | QuantAlgo::W4A16Nvfp4
        | QuantAlgo::Mxfp8 => None,
    }
}

fn quantize(resolved: &Resolved, qformat: &str) -> String {
    let kv = match resolved.precision.kv_cache_dtype {
        KvType::Quantized(dtype @ (KvCacheDtype::Fp8 | KvCacheDtype::Int8)) => Some(dtype),
        _ => None,
    };
    Line::new("python3 examples/quantization/quantize.py")
        .flag("--model_dir", MODEL_DIR)
        .flag("--dtype", resolved.precision.dtype)
        .flag("--qformat", qformat)
        .optional("--kv_cache_dtype", kv)
        .flag_if(qformat.ends_with("awq"), "--awq_block_size", 128)
        .flag_if(resolved.parallel.tp_size > 1, "--tp_size", resolved.parallel.tp_size)
        .flag_if(resolved.parallel.pp_size > 1, "--pp_size", resolved.parallel.pp_size)
        .flag("--output_dir", CHECKPOINT_DIR)
        .text()
}

fn convert(deployment: &Deployment, resolved: &Resolved, script: &str, flags: &Flags) -> String {
    let mut line = Line::new(format!("python3 {script}"))
        .flag("--model_dir", MODEL_DIR)
        .flag("--dtype", resolved.precision.dtype)
        .flag_if(resolved.parallel.tp_size > 1, "--tp_size", resolved.parallel.tp_size)
        .flag_if(resolved.parallel.pp_size > 1, "--pp_size", resolved.parallel.pp_size);
    if resolved.model.moe.is_some() && resolved.parallel.moe_ep_size > 1 {
        line = line
            .flag("--moe_tp_size", resolved.parallel.moe_tp_size)
            .flag("--moe_ep_size", resolved.parallel.moe_ep_size);
    }
    line.switch_if(!flags.quantization.is_empty(), flags.quantization)
        .switch_if(flags.int8_kv_cache, "--int8_kv_cache")
        .switch_if(resolved.engine.use_parallel_embedding, "--use_parallel_embedding")
        .flag_if(
            deployment.engine.embedding_sharding_dim > 0,
            "--embedding_sharding_dim",
            deployment.engine.embedding_sharding_dim,
        )
        .flag("--output_dir", CHECKPOINT_DIR)
        .text()
}

/// The script that converts a family's checkpoints; `None` if there is none.
fn script(resolved: &Resolved) -> Option<String> {
    let (folder, is_core) = match resolved.model.family {
        Family::Llama | Family::Mistral | Family::Mixtral | Family::InternLm => ("llama", true),
        Family::Qwen | Family::Qwen2 | Family::Qwen2Moe | Family::Qwen3 | Family::Qwen3Moe => ("qwen", true),
        Family::Gemma | Family::Gemma2 | Family::Gemma3 => ("gemma", true),
        Family::Phi | Family::Phi3 | Family::PhiMoe => ("phi", true),
        Family::Gpt2 | Family::GptBigCode | Family::StarCoder2 => ("gpt", true),
        Family::Cohere => ("commandr", true),
        Family::InternLm2 => ("internlm2", true),
        Family::GptJ => ("gptj", false),
        Family::GptNeoX => ("gptneox", false),
        Family::Falcon => ("falcon", false),
        Family::Bloom => ("bloom", false),
        Family::Opt => ("opt", false),
        Family::Mpt => ("mpt", false),
        Family::Dbrx => ("dbrx", false),
        Family::Baichuan => ("baichuan", false),
        Family::DeepSeek => ("deepseek_v1", false),
        Family::DeepSeekV2 => ("deepseek_v2", false),
        Family::ChatGlm if resolved.version.has(Behavior::ExamplesOfModelsMoved) => ("glm-4-9b", true),
        Family::ChatGlm => ("chatglm", false),
        _ => return None,
    };
    let place = match (resolved.version.has(Behavior::ExamplesOfModelsMoved), is_core) {
        (true, true) => "examples/models/core",
        (true, false) => "examples/models/contrib",
        (false, _) => "examples",
    };
    Some(format!("{place}/{folder}/convert_checkpoint.py"))
}
