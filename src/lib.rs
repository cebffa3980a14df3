//! Where the memory of each GPU goes in a TensorRT-LLM deployment.
//!
//! The library models the memory of every GPU of a deployment, as weights, activations, runtime buffers,
//! decoder buffers, KV cache and overhead, and each figure can say how it came about. It knows nothing of a
//! browser: the page (feature `web`) and the native command are two faces on it.
//!
//! Imports run one way: [`units`] ← [`architecture`], [`gpu`] ← [`deployment`] ← [`memory`] ← [`explore`] ← [`formats`], [`chart`] ←
//! [`accuracy`] ← [`panels`] ← `web`.
//!
//! ```
//! use trtllm_memory::{link, memory::estimate};
//!
//! let decoded = link::decode("model=meta-llama/Llama-2-7b-hf&quant_algo=FP8&kv_cache_dtype=fp8");
//! let report = estimate(&decoded.deployment).expect("a sound deployment");
//! assert_eq!(report.parameters, 6_738_415_616);
//! ```

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod accuracy;
pub mod architecture;
mod catalogue;
pub mod chart;
pub mod deployment;
mod explanation_text;
pub mod explore;
pub mod export;
pub mod gpu;
pub mod import;
pub mod link;
pub mod log;
pub mod memory;
pub mod panels;
pub mod protocol;
#[cfg(not(feature = "lean"))]
mod suggest;
pub mod units;
#[cfg(feature = "web")]
pub mod web;
pub mod worker;
