//! A load: the number of concurrent sequences and their lengths.

use crate::deployment::{
    Backend, BuildLimits, Deployment, EngineConfig, KvCacheConfig, Machine, PytorchConfig, Resolved,
};
use crate::memory::{Limit, Report, estimate_resolved};
use serde::Serialize;

/// Sequences that run concurrently, all of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Concurrent sequences.
    pub concurrency: u64,
    /// Tokens of a prompt.
    pub input_len: u64,
    /// Tokens of an output.
    pub output_len: u64,
}

impl Load {
    /// Tokens of a finished sequence.
    pub fn sequence(self) -> u64 {
        self.input_len.saturating_add(self.output_len)
    }

    /// The deployment with the smallest build limits that run this load: `max_batch_size`,
    /// `max_seq_len`, and `max_num_tokens` if a prompt would not fit into a step. Limits of the
    /// running executor, the KV cache's size in tokens, and a log's free memory are unset, because
    /// they belong to another deployment.
    pub fn sized(self, deployment: &Deployment) -> Deployment {
        let mut sized = Deployment {
            limits: BuildLimits { max_seq_len: Some(self.sequence().max(1)), ..deployment.limits },
            engine: EngineConfig {
                runtime_max_batch_size: None,
                runtime_max_num_tokens: None,
                ..deployment.engine.clone()
            },
            kv_cache: KvCacheConfig { max_tokens: None, ..deployment.kv_cache.clone() },
            pytorch: PytorchConfig { max_gpu_total_bytes: 0, ..deployment.pytorch },
            machine: Machine { free_memory_gib: None, ..deployment.machine },
            ..deployment.clone()
        };
        sized.engine.max_input_len =
            if deployment.engine.plugins.remove_input_padding && deployment.engine.plugins.context_fmha {
                None
            } else {
                Some(self.input_len.max(1))
            };
        self.size_batch(&mut sized);
        sized
    }

    /// Sets the build limits that also depend on `pp_size`.
    pub(super) fn size_batch(self, deployment: &mut Deployment) {
        deployment.limits.max_batch_size = Some(self.concurrency.div_ceil(deployment.parallel.pp_size.max(1)).max(1));
        let chunked = match deployment.backend {
            Backend::TensorRt => deployment.engine.enable_chunked_context,
            Backend::Pytorch => deployment.pytorch.enable_chunked_prefill,
        };
        let largest_prompt = if chunked { 0 } else { self.input_len };
        deployment.limits.max_num_tokens = deployment.limits.max_num_tokens.map(|tokens| tokens.max(largest_prompt));
        if deployment.limits.max_num_tokens.is_none() && largest_prompt > crate::deployment::DEFAULT_MAX_NUM_TOKENS {
            deployment.limits.max_num_tokens = Some(largest_prompt);
        }
    }

    /// Checks that a report's deployment fits and runs this load.
    ///
    /// # Errors
    /// The limit that the load exceeds; `None` if the deployment does not fit.
    pub fn held_by(self, report: &Report) -> Result<(), Option<Limit>> {
        if !report.verdict.fits() {
            return Err(None);
        }
        let concurrency = report.kv_cache.concurrency(self.input_len, self.output_len);
        if concurrency.requests >= self.concurrency { Ok(()) } else { Err(Some(concurrency.limit)) }
    }
}

/// The report of a deployment, and whether it fits and runs the load, if given.
pub(super) fn fits(resolved: &Resolved, load: Option<Load>) -> (Report, Result<(), Option<Limit>>) {
    let report = estimate_resolved(resolved);
    let held = match load {
        Some(load) => load.held_by(&report),
        None if report.verdict.fits() => Ok(()),
        None => Err(None),
    };
    (report, held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Parallelism;
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LONG: Load = Load { concurrency: 2, input_len: 20_000, output_len: 500 };

    #[test]
    fn a_deployment_sized_for_a_load_runs_it_and_no_more() {
        for load in [LONG, Load { concurrency: 100, input_len: 300, output_len: 200 }] {
            for pp_size in [1, 4] {
                let sized = load.sized(&Deployment {
                    parallel: Parallelism { pp_size, ..Parallelism::default() },
                    ..Deployment::engine()
                });
                let report = estimate(&sized).unwrap();
                assert_eq!(load.held_by(&report), Ok(()));
                let more = Load { concurrency: load.concurrency.next_multiple_of(pp_size) + 1, ..load };
                assert_eq!(more.held_by(&report), Err(Some(Limit::MaxBatchSize)));
                let longer = Load { output_len: load.output_len + 1, ..load };
                assert_eq!(longer.held_by(&report), Err(Some(Limit::MaxSeqLen)));
            }
        }
    }

    #[test]
    fn a_step_has_room_for_a_prompt_unless_prompts_are_chunked() {
        let whole = LONG.sized(&Deployment::engine());
        assert_eq!(whole.limits.max_num_tokens, Some(20_000));
        let chunked = Deployment {
            engine: EngineConfig { enable_chunked_context: true, ..EngineConfig::default() },
            ..Deployment::engine()
        };
        assert_eq!(LONG.sized(&chunked).limits.max_num_tokens, None);
        for deployment in [whole, chunked] {
            assert_eq!(LONG.held_by(&estimate(&LONG.sized(&deployment)).unwrap()), Ok(()));
        }
    }
}
