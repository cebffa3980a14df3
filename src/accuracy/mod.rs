//! The accuracy of the predictions, compared with public measurements.
//!
//! A [`Measurement`] is the published configuration of a real deployment with the figures that were
//! printed. [`compare`] compares them with the predicted figures, and [`Errors`] summarises the
//! errors. [`shipped`] compares the measurements that come with the project. The command
//! `trtllm-memory validate` compares those of any file (module `readers`, native only, with the
//! feature `cli`).

mod cases;
mod exclusion;
mod measurement;
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
pub mod readers;
mod shipped;
mod source;
mod summary;

pub use cases::{Case, Compared, Comparison, LeftOut, compare, compare_all};
pub use exclusion::Exclusion;
pub use measurement::{Measured, Measurement, Printed, Unknown};
pub use shipped::{measurements, shipped};
pub use source::url;
pub use summary::Errors;
