//! The validation of a deployment against TensorRT-LLM, the model and the GPU.

use super::resolve;
use super::{
    Backend, Behavior, DecodingType, Deployment, DeploymentError, KvCacheDtype, QuantAlgo, Runtime, SETTINGS,
    SpeculativeDecodingMode,
};
use crate::architecture::{self, Architecture, Dtype, Encoder, Family, QuantMethod};
use crate::units::{grouped, grouped_decimal, joined, shortest};

/// Returns all errors of a deployment; `None` if it is valid.
pub(super) fn problems(d: &Deployment) -> Option<DeploymentError> {
    let mut found = DeploymentError(SETTINGS.iter().filter_map(|field| field.check(d).err()).collect());
    // The other checks compute with the sizes, which requires that they are in range.
    if !found.0.is_empty() {
        return Some(found);
    }
    parallelism(d, &mut found);
    experts(d, &mut found);
    precision(d, &mut found);
    limits(d, &mut found);
    speculation(d, &mut found);
    runtime(d, &mut found);
    if d.backend == Backend::Pytorch {
        pytorch(d, &mut found);
    }
    if let Some(encoder) = &d.model.encoder {
        encoder_decoder(d, encoder, &mut found);
    }
    (!found.0.is_empty()).then_some(found)
}

/// Returns the divisors of `number` up to 64, as text.
fn divisors(number: u64) -> String {
    joined((1..=number.min(64)).filter(|size| number.is_multiple_of(*size)), ", ")
}

fn parallelism(d: &Deployment, found: &mut DeploymentError) {
    let (heads, kv_heads) = (d.model.attention.heads(), d.model.attention.kv_heads());
    let layers = u64::from(d.model.layers);
    let pytorch = d.backend == Backend::Pytorch;
    if pytorch && d.pytorch.enable_attention_dp {
        // Each rank has all heads and the whole dense blocks.
    } else if !heads.is_multiple_of(d.parallel.tp_size) {
        found.add(
            "tp_size",
            &d.parallel.tp_size,
            format_args!(
                "{} does not divide the {heads} attention heads; use one of {}",
                d.parallel.tp_size,
                divisors(heads)
            ),
        );
    } else if !kv_heads.is_multiple_of(d.parallel.tp_size) && !d.parallel.tp_size.is_multiple_of(kv_heads) {
        found.add(
            "tp_size",
            &d.parallel.tp_size,
            format_args!(
                "{} is neither a divisor nor a multiple of the {kv_heads} KV heads; use one of {}",
                d.parallel.tp_size,
                divisors(kv_heads)
            ),
        );
    } else if !d.model.mlp.intermediate.is_multiple_of(d.parallel.tp_size) {
        found.add(
            "tp_size",
            &d.parallel.tp_size,
            format_args!(
                "{} does not divide the MLP's {} columns; use a divisor of both heads and columns",
                d.parallel.tp_size,
                grouped(d.model.mlp.intermediate)
            ),
        );
    }
    if d.engine.embedding_sharding_dim == 1
        && d.engine.use_parallel_embedding == Some(true)
        && !d.model.hidden.is_multiple_of(d.parallel.tp_size)
    {
        let hidden = grouped(d.model.hidden);
        found.add(
            "embedding_sharding_dim",
            &d.engine.embedding_sharding_dim,
            format_args!("{} ranks do not divide the hidden size {hidden}; use 0, the vocabulary", d.parallel.tp_size),
        );
    }
    if d.parallel.pp_size > layers {
        found.add(
            "pp_size",
            &d.parallel.pp_size,
            format_args!("{} stages exceed the model's {layers} layers; use at most {layers}", d.parallel.pp_size),
        );
    } else if !layers.is_multiple_of(d.parallel.pp_size) && !pytorch && !d.version().has(Behavior::SplitsLayersUnevenly)
    {
        found.add(
            "pp_size",
            &d.parallel.pp_size,
            format_args!(
                "{layers} layers do not split into {} equal stages, as TensorRT-LLM {} requires; use one of {}",
                d.parallel.pp_size,
                d.version(),
                divisors(layers)
            ),
        );
    }
}

fn experts(d: &Deployment, found: &mut DeploymentError) {
    let Some(moe) = &d.model.moe else {
        for (field, size) in [("moe_tp_size", d.parallel.moe_tp_size), ("moe_ep_size", d.parallel.moe_ep_size)] {
            if let Some(size) = size.filter(|size| *size > 1) {
                found.add(field, &size, format_args!("{} has no experts; leave {field} empty", d.model.name));
            }
        }
        return;
    };
    let product = match (d.parallel.moe_tp_size, d.parallel.moe_ep_size) {
        (Some(tp), Some(ep)) if tp.saturating_mul(ep) != d.parallel.tp_size => Some(("moe_ep_size", ep)),
        (Some(tp), None) if !d.parallel.tp_size.is_multiple_of(tp) => Some(("moe_tp_size", tp)),
        (None, Some(ep)) if !d.parallel.tp_size.is_multiple_of(ep) => Some(("moe_ep_size", ep)),
        _ => None,
    };
    if let Some((field, size)) = product {
        found.add(
            field,
            &size,
            format_args!("moe_tp_size · moe_ep_size must equal tp_size, which is {}", d.parallel.tp_size),
        );
        return;
    }
    let ep = d.parallel.moe_ep_size.unwrap_or_else(|| d.parallel.moe_tp_size.map_or(1, |tp| d.parallel.tp_size / tp));
    if !moe.experts.is_multiple_of(ep) {
        found.add(
            "moe_ep_size",
            &ep,
            format_args!("{ep} does not divide the {} experts; use one of {}", moe.experts, divisors(moe.experts)),
        );
    }
    if !moe.shared_intermediate.is_multiple_of(d.parallel.tp_size) {
        let shared = grouped(moe.shared_intermediate);
        found.add(
            "tp_size",
            &d.parallel.tp_size,
            format_args!("{} does not divide the {shared} columns of the shared experts", d.parallel.tp_size),
        );
    }
    let moe_tp = d.parallel.tp_size / ep;
    if !moe.intermediate.is_multiple_of(moe_tp) {
        let intermediate = grouped(moe.intermediate);
        found.add(
            "moe_tp_size",
            &moe_tp,
            format_args!("{moe_tp} does not divide an expert's {intermediate} columns; raise moe_ep_size"),
        );
    }
}

/// Returns the least compute capability of a quantization, and the architectures that have it.
fn least_capability(algo: QuantAlgo) -> Option<((u8, u8), &'static str)> {
    match algo {
        QuantAlgo::Fp8 | QuantAlgo::Fp8PerChannelPerToken | QuantAlgo::W4A8Awq => {
            Some(((8, 9), "compute capability 8.9 or later (Ada, Hopper, Blackwell)"))
        }
        QuantAlgo::Fp8BlockScales | QuantAlgo::W4A16Mxfp4 => {
            Some(((9, 0), "compute capability 9.0 or later (Hopper, Blackwell)"))
        }
        QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8 => {
            Some(((10, 0), "compute capability 10.0 or later (Blackwell)"))
        }
        _ => None,
    }
}

/// Returns a quantized version of the model that the PyTorch backend loads and the GPU runs: one of
/// ModelOpt's if there is one.
fn readable_version(d: &Deployment) -> Option<&'static Architecture> {
    let runs = |algo: QuantAlgo| least_capability(algo).is_none_or(|(least, _)| d.gpu.compute_capability >= least);
    let mut readable = architecture::versions(&d.model).filter(|version| {
        let stored = &version.checkpoint;
        stored.unreadable().is_none() && !stored.precisions.is_unquantized() && runs(stored.precisions.main())
    });
    let first = readable.next()?;
    let is_made_by_modelopt = |version: &&Architecture| version.checkpoint.method == Some(QuantMethod::ModelOpt);
    Some(std::iter::once(first).chain(readable).find(is_made_by_modelopt).unwrap_or(first))
}

fn precision(d: &Deployment, found: &mut DeploymentError) {
    let capability = d.gpu.compute_capability;
    let (major, minor) = capability;
    let needs = |wanted: (u8, u8)| capability < wanted;
    let at = |what: &str, wanted: &str| {
        format!("{what} requires {wanted}; {} has compute capability {major}.{minor}", d.gpu.name)
    };
    let data_centre_blackwell = (10..12).contains(&major);

    let algo = d.quant_algo();
    if let Some((_, wanted)) = least_capability(algo).filter(|(least, _)| capability < *least) {
        found.add("quant_algo", &algo, format_args!("{}; use {}", at(algo.name(), wanted), instead_of(d)));
    }
    // On data-centre Blackwell `builder.py` raises errors for INT8 and INT4 weights, SmoothQuant,
    // and scales per channel or token.
    let integer = algo.is_weight_only()
        || algo.is_smooth_quant()
        || matches!(
            algo,
            QuantAlgo::Fp8PerChannelPerToken | QuantAlgo::W4A8QservePerGroup | QuantAlgo::W4A8QservePerChannel
        );
    if d.backend == Backend::TensorRt && algo.needs_pytorch() {
        found.add("quant_algo", &algo, format_args!("engines do not support {algo}; use backend=pytorch"));
    } else if data_centre_blackwell && integer && d.backend == Backend::TensorRt {
        found.add(
            "quant_algo",
            &algo,
            format_args!("TensorRT-LLM has no {algo} kernels for compute capability {major}.{minor}; use FP8 or NVFP4"),
        );
    }
    if algo != QuantAlgo::None && d.precision.dtype == Some(Dtype::Float32) {
        found.add("dtype", &"float32", format_args!("{algo} requires 16-bit computation; use float16 or bfloat16"));
    }
    if d.precision.dtype == Some(Dtype::Bfloat16) && needs((8, 0)) {
        found.add(
            "dtype",
            &"bfloat16",
            format_args!("{}; use float16", at("bfloat16", "compute capability 8.0 or later")),
        );
    }
    if let Some(group) = algo.group_size().filter(|_| algo != QuantAlgo::Fp8BlockScales)
        && !d.model.hidden.is_multiple_of(group)
    {
        found.add(
            "quant_algo",
            &algo,
            format_args!(
                "the group size {group} does not divide the hidden size {}; use W8A16, W4A16 or FP8",
                d.model.hidden
            ),
        );
    }

    let cache = d.precision.kv_cache_dtype;
    let message = match cache {
        KvCacheDtype::Fp8 if needs((8, 9)) => {
            Some(at("an fp8 KV cache", "compute capability 8.9 or later") + "; use int8 or auto")
        }
        KvCacheDtype::Nvfp4 if needs((10, 0)) => {
            Some(at("an nvfp4 KV cache", "compute capability 10.0 or later") + "; use fp8 or auto")
        }
        KvCacheDtype::Bf16 if needs((8, 0)) => {
            Some(at("a bf16 KV cache", "compute capability 8.0 or later") + "; use fp16")
        }
        KvCacheDtype::Int8 if data_centre_blackwell => {
            Some(format!("TensorRT-LLM has no int8 KV cache for compute capability {major}.{minor}; use fp8"))
        }
        _ => None,
    };
    if let Some(message) = message {
        found.add("kv_cache_dtype", &cache, format_args!("{message}"));
    }
}

/// The end of a sentence about a precision that the GPU can't run: others that it can. Experts that
/// are stored in MXFP4 run on Hopper with 16-bit activations, and on no earlier GPU.
fn instead_of(d: &Deployment) -> &'static str {
    let in_mxfp4 = d.quant_algo().is_mxfp4() || d.model.family == Family::GptOss;
    match (in_mxfp4, d.gpu.compute_capability) {
        (true, (9.., _)) => "W4A16_MXFP4",
        (true, _) => "a Hopper or Blackwell GPU",
        (false, (8, 9) | (9.., _)) => "FP8 or W4A16_AWQ",
        (false, _) => "W8A16 or W4A16_AWQ",
    }
}

/// Checks the restrictions of encoder-decoder models.
fn encoder_decoder(d: &Deployment, encoder: &Encoder, found: &mut DeploymentError) {
    if d.backend == Backend::Pytorch {
        found.add(
            "backend",
            &d.backend,
            format_args!(
                "TensorRT-LLM runs encoder-decoder models such as {} only as engines; use tensorrt",
                d.model.name
            ),
        );
    }
    if d.parallel.pp_size > 1 {
        found.add(
            "pp_size",
            &d.parallel.pp_size,
            format_args!(
                "encoder-decoder models do not support pipeline parallelism in the C++ runtime; use 1 and raise tp_size"
            ),
        );
    }
    if d.engine.runtime == Runtime::GptSession {
        found.add("runtime", &d.engine.runtime, format_args!("does not support encoder-decoder models; use executor"));
    }
    if let (Some(given), Some(most)) = (d.engine.max_encoder_input_len, encoder.max_input_len())
        && given > most
    {
        let most = grouped(most);
        found.add(
            "max_encoder_input_len",
            &given,
            format_args!("{} has positions for {most} audio frames; use at most {most}", d.model.name),
        );
    }
    let told = found.0.iter().any(|problem| problem.field == "tp_size");
    let shared =
        encoder.heads.is_multiple_of(d.parallel.tp_size) && encoder.intermediate.is_multiple_of(d.parallel.tp_size);
    if !told && !shared {
        let (heads, columns) = (encoder.heads, grouped(encoder.intermediate));
        found.add(
            "tp_size",
            &d.parallel.tp_size,
            format_args!(
                "{} does not divide the encoder's {heads} heads and {columns} columns; use a divisor of both",
                d.parallel.tp_size
            ),
        );
    }
}

/// Checks the restrictions of the PyTorch backend.
fn pytorch(d: &Deployment, found: &mut DeploymentError) {
    if !d.version().has(Behavior::HasPytorchBackend) {
        found.add(
            "trtllm_version",
            &d.version(),
            format_args!("TensorRT-LLM {} has no PyTorch backend; use 0.17 or later", d.version()),
        );
    }
    let algo = d.quant_algo();
    let unsupported = algo.is_smooth_quant()
        || matches!(
            algo,
            QuantAlgo::W4A16Gptq
                | QuantAlgo::W8A16Gptq
                | QuantAlgo::W4A8QservePerGroup
                | QuantAlgo::W4A8QservePerChannel
        );
    let as_stored = d.precision.quant_algo.is_none();
    if let Some(format) = d.model.checkpoint.unreadable().filter(|_| as_stored) {
        let instead = readable_version(d).map_or_else(String::new, |version| format!("{} or ", version.name));
        found.add(
            "quant_algo",
            &"auto",
            format_args!(
                "{} stores its weights in {format}, which the PyTorch backend does not load; use {instead}another \
                 quant_algo",
                d.model.name
            ),
        );
    } else if unsupported {
        found.add(
            "quant_algo",
            &algo,
            format_args!("the PyTorch backend does not support {algo}; use FP8, NVFP4 or W4A16_AWQ"),
        );
    } else if algo.is_mxfp4() && d.model.moe.is_none() {
        found.add("quant_algo", &algo, format_args!("quantizes experts, but {} has none", d.model.name));
    }
    if d.precision.kv_cache_dtype == KvCacheDtype::Int8 {
        found.add(
            "kv_cache_dtype",
            &"int8",
            format_args!("the PyTorch backend does not support an int8 KV cache; use fp8 or auto"),
        );
    }
    if d.pytorch.decoding_type == DecodingType::Mtp && d.model.mtp_layers == 0 {
        found.add(
            "decoding_type",
            &d.pytorch.decoding_type,
            format_args!("{} has no layers for multi-token prediction; use Eagle3, NGram or none", d.model.name),
        );
    }
    let Some(slots) = d.pytorch.moe_load_balancer_slots else { return };
    let (experts, ep) = (d.model.moe.map_or(0, |moe| moe.experts), d.moe_sizes().1.max(1));
    if experts == 0 {
        found.add(
            "moe_load_balancer_slots",
            &slots,
            format_args!("{} has no experts; leave moe_load_balancer_slots empty", d.model.name),
        );
    } else if slots < experts || !slots.is_multiple_of(ep) {
        found.add(
            "moe_load_balancer_slots",
            &slots,
            format_args!("must be a multiple of moe_ep_size, {ep}, and at least {experts}, the number of experts"),
        );
    }
}

fn limits(d: &Deployment, found: &mut DeploymentError) {
    // trtllm-build would silently lower max_input_len, and the runtime would then reject such
    // prompts.
    if let (Some(input), Some(sequence)) = (d.engine.max_input_len, d.limits.max_seq_len)
        && input > sequence
    {
        found.add(
            "max_input_len",
            &input,
            format_args!(
                "a prompt of {} tokens exceeds max_seq_len, {}; lower max_input_len or raise max_seq_len",
                grouped(input),
                grouped(sequence)
            ),
        );
    }
    if let Some(tokens) = d.kv_cache.tokens_per_block
        && !tokens.is_power_of_two()
    {
        found.add("tokens_per_block", &tokens, format_args!("must be a power of two, such as 32, 64 or 128"));
    }
    if let Some(free) = d.machine.free_memory_gib
        && free > d.gpu_memory().gib()
    {
        found.add(
            "free_memory_gib",
            &shortest(free),
            format_args!("exceeds the GPU's {} GiB", grouped_decimal(d.gpu_memory().gib(), 2)),
        );
    }
}

fn speculation(d: &Deployment, found: &mut DeploymentError) {
    let mode = d.engine.speculative_decoding_mode;
    if mode == SpeculativeDecodingMode::None {
        return;
    }
    if d.limits.max_beam_width > 1 {
        found.add(
            "max_beam_width",
            &d.limits.max_beam_width,
            format_args!("{mode} does not support beam search; use 1"),
        );
    }
    let lookahead = d.engine.lookahead_config.unwrap_or_default().draft_tokens();
    if let (SpeculativeDecodingMode::LookaheadDecoding, Some(built)) = (mode, d.limits.max_draft_len)
        && built < lookahead
    {
        found.add(
            "max_draft_len",
            &built,
            format_args!("lookahead_config drafts more tokens, {lookahead}; raise max_draft_len or lower those sizes"),
        );
    }
}

/// Checks run-time limits against the limits of the engine or of the server.
fn runtime(d: &Deployment, found: &mut DeploymentError) {
    let drafts = d.pytorch.decoding_type != DecodingType::None && d.backend == Backend::Pytorch;
    let asked = d.engine.runtime_max_batch_size.is_some()
        || d.engine.runtime_max_num_tokens.is_some()
        || d.engine.gen_micro_batch_size.is_some()
        || d.engine.sink_token_length > 0
        || drafts;
    if !asked {
        return;
    }
    let built = resolve::limits(d, &mut Vec::new());
    // The executor rejects limits above the engine's, and so does the session (`gptSession.cpp`
    // MicroBatchConfig).
    for (field, running, limit, built) in [
        ("runtime_max_batch_size", d.engine.runtime_max_batch_size, "max_batch_size", built.max_batch_size),
        ("runtime_max_num_tokens", d.engine.runtime_max_num_tokens, "max_num_tokens", built.max_num_tokens),
        (
            "gen_micro_batch_size",
            d.engine.gen_micro_batch_size.filter(|_| d.engine.runtime == Runtime::GptSession),
            "max_batch_size",
            built.max_batch_size,
        ),
    ] {
        if let Some(running) = running.filter(|running| *running > built) {
            let built = grouped(built);
            found.add(
                field,
                &running,
                format_args!("exceeds the engine's {limit}, {built}; lower it or raise {limit}"),
            );
        }
    }
    // Sinks are the first tokens of each window, which must also have room for other tokens.
    let window = d.kv_cache.max_attention_window.iter().copied().min().unwrap_or(u64::MAX).min(built.max_seq_len);
    if d.engine.sink_token_length >= window && d.engine.sink_token_length > 0 {
        let window = grouped(window);
        found.add(
            "sink_token_length",
            &d.engine.sink_token_length,
            format_args!("must be below {window}, the narrowest attention window, because sinks count towards it"),
        );
    }
    // Only the PyTorch backend needs this check: an engine's `max_seq_len` is raised by the drafts.
    if let Some(drafted) = d.limits.max_draft_len.filter(|drafted| drafts && *drafted >= built.max_seq_len) {
        let sequence = grouped(built.max_seq_len);
        found.add(
            "max_draft_len",
            &drafted,
            format_args!(
                "must be below max_seq_len, {sequence}, so that a sequence has room for the draft tokens of a step"
            ),
        );
    }
}
