//! Helpers for tests with a valid link.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod random;

use trtllm_memory::deployment::{Deployment, Resolved};
use trtllm_memory::link;
use trtllm_memory::memory::{Report, estimate};

/// The deployment of a link of version 1: an engine in 16 bit unless the link says otherwise.
/// Panics if any part of the link is not understood.
pub(crate) fn deployment(link: &str) -> Deployment {
    let decoded = link::decode(&format!("v=1&{link}"));
    assert!(decoded.problems.is_empty(), "{link}: {:?}", decoded.problems);
    decoded.deployment
}

/// The resolved deployment of a link; panics if the deployment is invalid.
pub(crate) fn resolved(link: &str) -> Resolved {
    deployment(link).resolve().unwrap_or_else(|problems| panic!("{link}: {problems}"))
}

/// The report of the deployment of a link; panics if the deployment is invalid.
pub(crate) fn report(link: &str) -> Report {
    estimate(&deployment(link)).unwrap_or_else(|problems| panic!("{link}: {problems}"))
}
