//! A load: how many sequences at once, and how long they are.

use super::concurrency::{Concurrency, Limit};
use crate::deployment::{Deployment, Plan};
use crate::memory::{Report, estimate_plan};
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
            max_seq_len: Some(self.sequence().max(1)),
            runtime_max_batch_size: None,
            runtime_max_num_tokens: None,
            max_tokens: None,
            free_memory_gib: None,
            ..deployment.clone()
        };
        sized.max_input_len =
            if deployment.remove_input_padding && deployment.context_fmha { None } else { Some(self.input_len.max(1)) };
        self.size_batch(&mut sized);
        sized
    }

    /// Sets the build limits that depend on `pp_size` too.
    pub(super) fn size_batch(self, deployment: &mut Deployment) {
        deployment.max_batch_size = Some(self.concurrency.div_ceil(deployment.pp_size.max(1)).max(1));
        let largest_prompt = if deployment.reads_prompts_in_chunks() { 0 } else { self.input_len };
        deployment.max_num_tokens = deployment.max_num_tokens.map(|tokens| tokens.max(largest_prompt));
        if deployment.max_num_tokens.is_none() && largest_prompt > crate::deployment::DEFAULT_MAX_NUM_TOKENS {
            deployment.max_num_tokens = Some(largest_prompt);
        }
    }

    /// Whether a report's deployment fits and runs this load, and if not, what stands against the load.
    pub fn held_by(self, plan: &Plan, report: &Report) -> Result<(), Option<Limit>> {
        if !report.verdict.fits() {
            return Err(None);
        }
        let concurrency = Concurrency::of(plan, &report.kv_cache, self.input_len, self.output_len);
        if concurrency.requests >= self.concurrency { Ok(()) } else { Err(Some(concurrency.limit)) }
    }
}

/// Whether a sound deployment fits and, where a load is given, runs it.
pub(super) fn fits(plan: &Plan, load: Option<Load>) -> (Report, Result<(), Option<Limit>>) {
    let report = estimate_plan(plan);
    let held = match load {
        Some(load) => load.held_by(plan, &report),
        None if report.verdict.fits() => Ok(()),
        None => Err(None),
    };
    (report, held)
}
