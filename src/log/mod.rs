//! The reader of TensorRT-LLM logs, and the comparison of a log with the laws.
//!
//! [`LogReader`] reads a log in pieces and uses no law. [`explain`] infers the settings that the
//! log omits, compares each measured size with its prediction, and diagnoses a failure.

mod analysis;
mod diagnosis;
mod events;
mod infer;
mod rank_reading;
mod ranks;
mod reader;
mod scan;
mod split;

pub use analysis::{Comparison, ExplainedLog, RankComparison, explain, explain_in};
pub use diagnosis::{Diagnosis, FailureStage};
pub use events::{Event, EventKind};
pub use infer::Inferred;
pub use rank_reading::RankReading;
pub use reader::{Entry, LogReader, LogReading, LoggedSetting, Unread, read};
pub use scan::Size;
