//! A load: how many sequences at once, and how long they are.

use crate::deployment::{
    Backend, BuildLimits, Deployment, EngineConfig, KvCacheConfig, Machine, PytorchConfig, Resolved,
};
use crate::memory::{Limit, Report, estimate_resolved};
use serde::Serialize;

/// Sequences that are to run at once, all of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Sequences at once.
    pub concurrency: u64,
    /// Tokens of a prompt.
    pub input_len: u64,
    /// Tokens of an output.
    pub output_len: u64,
}

impl Load {
    /// Tokens of a sequence at its end.
    pub fn sequence(self) -> u64 {
        self.input_len.saturating_add(self.output_len)
    }

    /// The deployment with build limits that are just enough for this load, and none left over: `max_batch_size`, `max_seq_len`,
    /// and where a prompt would not fit into a step, `max_num_tokens`. Limits of the running executor, the size of the KV cache
    /// in tokens, and the free memory of a log belong to another deployment, so they are left out.
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

    /// Sets the build limits that depend on `pp_size` too.
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

    /// Whether a report's deployment fits and runs this load; if it fits and does not run it, what stops it.
    ///
    /// # Errors
    /// The limit that the load meets, or `None` where the deployment doesn't fit.
    pub fn held_by(self, report: &Report) -> Result<(), Option<Limit>> {
        if !report.verdict.fits() {
            return Err(None);
        }
        let concurrency = report.kv_cache.concurrency(self.input_len, self.output_len);
        if concurrency.requests >= self.concurrency { Ok(()) } else { Err(Some(concurrency.limit)) }
    }
}

/// Whether a sound deployment fits and, where a load is given, runs it.
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
                    ..Deployment::default()
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
    fn a_step_is_made_as_long_as_a_prompt_only_where_prompts_are_read_whole() {
        let whole = LONG.sized(&Deployment::default());
        assert_eq!(whole.limits.max_num_tokens, Some(20_000));
        let chunked = Deployment {
            engine: EngineConfig { enable_chunked_context: true, ..EngineConfig::default() },
            ..Deployment::default()
        };
        assert_eq!(LONG.sized(&chunked).limits.max_num_tokens, None);
        for deployment in [whole, chunked] {
            assert_eq!(LONG.held_by(&estimate(&LONG.sized(&deployment)).unwrap()), Ok(()));
        }
    }
}
