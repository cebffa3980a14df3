//! Internals of the memory models for the tests in `tests/`. Not part of the public interface.

pub use crate::memory::engine::activations::{activations, law as activations_law};
pub use crate::memory::engine::overhead::overhead as engine_overhead;
pub use crate::memory::inputs::Inputs;
pub use crate::memory::overhead::{Cause, Position, RankTopology, Topology, all_reduce_buffers, communicator, context};
pub use crate::memory::pytorch::overhead::overhead as pytorch_overhead;
pub use crate::memory::pytorch::weights::outside_torch as weights_outside_torch;
pub use crate::memory::weights::{engine_file_size, law as weights_law, weights};
