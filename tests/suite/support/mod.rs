//! What tests do with a link that must be sound.

#[cfg(not(target_arch = "wasm32"))]
pub mod random;

use trtllm_memory::deployment::Deployment;
use trtllm_memory::link;
use trtllm_memory::memory::{Report, estimate};

/// The deployment that a link says, all of which must be understood.
pub fn deployment(link: &str) -> Deployment {
    let decoded = link::decode(link);
    assert!(decoded.problems.is_empty(), "{link}: {:?}", decoded.problems);
    decoded.deployment
}

/// The report of that deployment.
pub fn report(link: &str) -> Report {
    estimate(&deployment(link)).unwrap_or_else(|problems| panic!("{link}: {problems}"))
}
