//! What a log of TensorRT-LLM says, beside what the models say.
//!
//! [`LogReader`] takes a log in pieces and knows no model; [`explain`] infers what the log leaves out, lays each measured
//! size beside its prediction and says why a start failed.

mod analysis;
mod diagnosis;
mod events;
mod infer;
mod ranks;
mod reader;
mod scan;
mod split;

pub use analysis::{Comparison, ExplainedLog, RankComparison, explain, explain_in};
pub use diagnosis::{Diagnosis, FailureStage};
pub use events::{Event, EventKind};
pub use infer::Inferred;
pub use reader::{Entry, LogReader, LogReading, RankReading, Setting, Unread, read};
pub use scan::Size;
