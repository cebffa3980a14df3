//! What a log of TensorRT-LLM says, beside what the models say.
//!
//! [`LogReader`] takes a log in pieces and knows no model; [`explain`] infers what the log leaves out, lays each measured
//! size beside its prediction and says why a start failed.

mod diagnosis;
mod explained;
mod infer;
mod lines;
mod messages;
mod ranks;
mod reading;
mod scan;

pub use diagnosis::{Diagnosis, FailureStage};
pub use explained::{Comparison, ExplainedLog, RankComparison, explain};
pub use infer::Inferred;
pub use lines::{Event, Kind};
pub use reading::{Entry, LogReader, LogReading, RankReading, Setting, Unread, read};
pub use scan::Size;
