//! The settings specific to the PyTorch backend, and its limits, as it resolves them
//! (`tensorrt_llm/llmapi/llm_args.py` TorchLlmArgs).

use super::limits::StepLimits;
use crate::architecture::{Family, Positions};
use crate::deployment::{Backend, Behavior, DecodingType, Deployment, MoeBackend, Note, Version};
use crate::units::grouped;

/// The PyTorch settings that need resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedPytorch {
    /// The CUDA graphs that are captured.
    pub graphs: CudaGraphs,
    /// The kernels of the expert layers; never [`MoeBackend::Auto`].
    pub moe_backend: MoeBackend,
    /// Number of experts, copies included, that the load balancer distributes over the ranks;
    /// `None` if it is inactive.
    pub load_balancer_slots: Option<u64>,
    /// Maximum size of the KV cache on a GPU, in bytes; `None` if unlimited.
    pub max_gpu_total_bytes: Option<u64>,
    /// Number of draft tokens per sequence in a step; 0 without drafting.
    pub max_draft_len: u64,
    /// Number of tokens beyond `max_seq_len` that a sequence has in the KV cache.
    pub extra_tokens: u64,
}

/// The CUDA graphs of generation steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CudaGraphs {
    /// Number of sequences in the largest graph; 0 without graphs.
    pub largest: u64,
    /// Number of graphs.
    pub count: u64,
}

/// Default `max_batch_size` (`BaseLlmArgs`).
const DEFAULT_BATCH: u64 = 2048;
/// Default `max_num_tokens`.
const DEFAULT_NUM_TOKENS: u64 = 8192;
/// Default number of sequences in the largest graph (`CudaGraphConfig.max_batch_size` of 0).
const DEFAULT_LARGEST_GRAPH: u64 = 128;
/// Default number of draft tokens: a usual number.
const DEFAULT_DRAFT_LEN: u64 = 3;

/// Returns the limits with which the PyTorch backend is started.
pub(super) fn limits(d: &Deployment, notes: &mut Vec<Note>) -> StepLimits {
    let max_batch_size = d.limits.max_batch_size.unwrap_or(DEFAULT_BATCH);
    let max_seq_len = max_seq_len(d, notes);
    let all = max_batch_size.saturating_mul(max_seq_len);
    let mut max_num_tokens = d.limits.max_num_tokens.unwrap_or(DEFAULT_NUM_TOKENS);
    if max_num_tokens > all {
        Note::add(
            notes,
            "max_num_tokens",
            format_args!(
                "Lowered to {}, the maximum for max_batch_size sequences of max_seq_len tokens.",
                grouped(all)
            ),
        );
        max_num_tokens = all;
    }
    StepLimits { max_batch_size, max_num_tokens, max_input_len: max_seq_len, max_seq_len }
}

/// Returns `max_seq_len`. The model's own length is both its default and its maximum
/// (`model_engine.py` _init_max_seq_len, _infer_max_seq_len_from_config).
fn max_seq_len(d: &Deployment, notes: &mut Vec<Note>) -> u64 {
    let factor = d.model.rope_scaling_factor.filter(|_| !d.model.yarn).unwrap_or(1.0);
    let own = ((d.model.max_position_embeddings as f64 * factor) as u64).max(1);
    let unlimited = matches!(d.model.positions, Positions::Alibi);
    match d.limits.max_seq_len {
        None => {
            Note::add(notes, "max_seq_len", format_args!("Deduced from the model: {} tokens.", grouped(own)));
            own
        }
        Some(given) if given > own && !unlimited => {
            Note::add(
                notes,
                "max_seq_len",
                format_args!("Lowered to the model's own limit of {} tokens.", grouped(own)),
            );
            own
        }
        Some(given) => given,
    }
}

impl CudaGraphs {
    /// Returns the graphs up to `largest` sequences (`CudaGraphConfig`
    /// _generate_cuda_graph_batch_sizes). Without padding, the sizes are 1 to 31, then powers of
    /// two. With padding, they are 1, 2, 4, multiples of 8 to 128, then powers of two. In either
    /// case `largest` itself is included.
    fn up_to(largest: u64, padded: bool) -> CudaGraphs {
        let small = if padded {
            [1, 2, 4].into_iter().filter(|size| *size <= largest).count() as u64 + (largest / 8).min(16)
        } else {
            largest.min(32) + u64::from(largest >= 64) + u64::from(largest >= 128)
        };
        let listed = match (padded, largest) {
            (true, ..8) => largest == 1 || largest == 2 || largest == 4,
            (true, ..=128) => largest.is_multiple_of(8),
            (false, ..=32 | 64 | 128) => true,
            _ => false,
        };
        let powers = if largest > 256 { u64::from((largest - 1).ilog2()) - 7 } else { 0 };
        CudaGraphs { largest, count: small + powers + u64::from(!listed && largest > 0) }
    }
}

impl ResolvedPytorch {
    /// Resolves the settings of a deployment with up to `max_batch_size` sequences per step.
    pub(super) fn of(d: &Deployment, max_batch_size: u64, notes: &mut Vec<Note>) -> ResolvedPytorch {
        let drafting = d.pytorch.decoding_type != DecodingType::None;
        let wanted = d.pytorch.cuda_graph_max_batch_size.unwrap_or(DEFAULT_LARGEST_GRAPH);
        let max_draft_len = if drafting { d.limits.max_draft_len.unwrap_or(DEFAULT_DRAFT_LEN) } else { 0 };
        ResolvedPytorch {
            graphs: CudaGraphs::up_to(wanted.min(max_batch_size), d.pytorch.cuda_graph_enable_padding),
            moe_backend: moe_backend(d),
            load_balancer_slots: load_balancer_slots(d, notes),
            max_gpu_total_bytes: Some(d.pytorch.max_gpu_total_bytes).filter(|most| *most > 0),
            max_draft_len,
            extra_tokens: extra_tokens(d, max_draft_len),
        }
    }
}

/// Returns the number of tokens beyond `max_seq_len` that a sequence has in the KV cache: the token
/// by which the overlap scheduler is ahead, and the drafts of this step and the next
/// (`py_executor_creator.py`, `get_num_extra_kv_tokens`).
fn extra_tokens(d: &Deployment, drafts: u64) -> u64 {
    let ahead = if d.pytorch.disable_overlap_scheduler { 0 } else { 1 + drafts };
    let one_model = matches!(d.pytorch.decoding_type, DecodingType::Mtp | DecodingType::Eagle3);
    ahead + drafts + if one_model { drafts.saturating_sub(1) } else { 0 }
}

/// Returns the kernels of the expert layers (`ModelConfig.resolve_moe_backend`). For MXFP4 they are
/// generated kernels on data-centre Blackwell and Triton kernels on Hopper; otherwise CUTLASS.
fn moe_backend(d: &Deployment) -> MoeBackend {
    let capability = d.gpu.compute_capability.0;
    match d.pytorch.moe_backend {
        MoeBackend::Auto if !d.version().has(Behavior::ChoosesMoeBackend) || !d.quant_algo().is_mxfp4() => {
            MoeBackend::Cutlass
        }
        MoeBackend::Auto if (10..12).contains(&capability) => MoeBackend::Trtllm,
        MoeBackend::Auto if capability == 9 => MoeBackend::Triton,
        MoeBackend::Auto => MoeBackend::Cutlass,
        chosen => chosen,
    }
}

/// Returns the slots of the load balancer; `None` if it is inactive. It requires expert parallelism
/// and an architecture in its list (`fused_moe/moe_load_balancer.py`
/// maybe_create_moe_load_balancer).
fn load_balancer_slots(d: &Deployment, notes: &mut Vec<Note>) -> Option<u64> {
    let slots = d.pytorch.moe_load_balancer_slots.filter(|_| d.backend == Backend::Pytorch)?;
    let (field, version) = ("moe_load_balancer_slots", d.version());
    if !balances_experts(d.model.family, version) {
        let label = d.model.family.label();
        Note::add(
            notes,
            field,
            format_args!("Has no effect: the load balancer of TensorRT-LLM {version} does not support {label}."),
        );
        return None;
    }
    if d.moe_sizes().1 < 2 {
        Note::add(notes, field, format_args!("Has no effect: load balancing requires moe_ep_size above 1."));
        return None;
    }
    if !d.pytorch.enable_attention_dp {
        Note::add(
            notes,
            field,
            format_args!("The load balancer expects enable_attention_dp; without it TensorRT-LLM may fail to start."),
        );
    }
    Some(slots)
}

/// Whether the load balancer supports the architecture (`moe_load_balancer.py`
/// moe_model_arch_list).
fn balances_experts(family: Family, version: Version) -> bool {
    let since = match family {
        Family::DeepSeekV3 | Family::Mixtral | Family::Llama4 | Family::Qwen2Moe | Family::Qwen3Moe => {
            Behavior::BalancesExperts
        }
        Family::GptOss => Behavior::BalancesExpertsOfGptOss,
        Family::DeepSeekV32 | Family::GlmMoeDsa | Family::NemotronH | Family::Qwen35 => Behavior::BalancesExpertsOf2026,
        _ => return false,
    };
    version.has(since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{BuildLimits, PytorchConfig};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Returns the number of sizes that the Python code lists.
    fn listed(largest: u64, padded: bool) -> u64 {
        let mut sizes: Vec<u64> = if padded {
            [1, 2, 4].into_iter().chain((1..=16).map(|i| i * 8)).collect()
        } else {
            (1..32).chain([32, 64, 128]).collect()
        };
        let end = (largest as f64).log2().ceil() as u32;
        sizes.extend((8..end).map(|power| 1u64 << power));
        sizes.retain(|size| *size <= largest);
        if sizes.last() != Some(&largest) {
            sizes.push(largest);
        }
        sizes.len() as u64
    }

    #[test]
    fn graphs_are_counted_as_they_are_listed() {
        for largest in (1..300).chain([512, 640, 768, 1024, 1536, 2048, 4096]) {
            for padded in [false, true] {
                assert_eq!(CudaGraphs::up_to(largest, padded).count, listed(largest, padded), "{largest} {padded}");
            }
        }
        assert_eq!(CudaGraphs::up_to(0, false), CudaGraphs { largest: 0, count: 0 });
        assert_eq!(CudaGraphs::up_to(128, false).count, 34);
    }

    #[test]
    fn a_sequence_holds_what_the_scheduler_is_ahead() {
        let plain = ResolvedPytorch::of(&Deployment::engine(), 64, &mut Vec::new());
        assert_eq!(plain.extra_tokens, 1);
        let drafting = Deployment {
            limits: BuildLimits { max_draft_len: Some(3), ..BuildLimits::default() },
            pytorch: PytorchConfig { decoding_type: DecodingType::Mtp, ..PytorchConfig::default() },
            ..Deployment::engine()
        };
        // A model of 163840 positions then has sequences of 163848 tokens, plus 1 for the
        // scheduler.
        assert_eq!(ResolvedPytorch::of(&drafting, 64, &mut Vec::new()).extra_tokens, 9);
        let serial = Deployment {
            pytorch: PytorchConfig { disable_overlap_scheduler: true, ..PytorchConfig::default() },
            ..Deployment::engine()
        };
        assert_eq!(ResolvedPytorch::of(&serial, 64, &mut Vec::new()).extra_tokens, 0);
    }
}
