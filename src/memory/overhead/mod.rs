//! The overhead: CUDA context, loaded code, communication, other processes.
//!
//! No log line counts it. The overhead is a sum of causes, each with its own band.
//!
//! This module has the causes that both backends share. Each backend adds its own
//! ([`crate::memory::engine::overhead`], [`crate::memory::pytorch::overhead`]).

mod cause;
pub(super) mod context;
mod measured;
pub(super) mod nccl;
mod notes;
mod other_processes;
mod topology;
mod workspace;

pub use cause::Cause;
pub(crate) use cause::sum;
pub use context::context;
pub(crate) use measured::{MEASURED, available_band, measured};
pub use nccl::communicator;
pub(crate) use notes::notes;
pub(super) use other_processes::other_processes;
pub use topology::{Position, RankTopology, Topology};
pub use workspace::all_reduce_buffers;
pub(crate) use workspace::fusion_workspace;
