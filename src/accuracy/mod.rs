//! How near the laws come to what people measured.
//!
//! A [`Measurement`] is what somebody published of a real deployment: its configuration and the figures that were printed.
//! [`compare`] lays the laws' figures beside them, [`Errors`] sums up. [`shipped`] does so for the measurements that come
//! with the project, live; `trtllm-memory validate` for any file (module `readers`, native only).

mod cases;
mod measurement;
#[cfg(not(target_arch = "wasm32"))]
pub mod readers;
mod shipped;
mod source;
mod summary;

pub use cases::{Case, Compared, Comparison, LeftOut, compare, compare_all};
pub use measurement::{Measured, Measurement, Printed, Unknown};
pub use shipped::{measurements, shipped};
pub use source::url;
pub use summary::Errors;
