//! Encoder-decoder models: two engines in one executor. The encoder's has weights, an execution context and buffers of its own;
//! nothing is shared with the decoder's.

mod buffers;
mod context;

pub use buffers::{cross_tables, engine_buffers, first_batch, inputs};
pub use context::{CONTEXTS, context, cross_attention};
