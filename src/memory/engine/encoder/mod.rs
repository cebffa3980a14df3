//! Encoder-decoder models: two engines in one executor. The encoder's engine has its own weights,
//! execution context and buffers; it shares nothing with the decoder's.

mod buffers;
mod context;

pub(crate) use buffers::{cross_tables, engine_buffers, first_batch, inputs};
pub(crate) use context::{CONTEXTS, context, cross_attention};
