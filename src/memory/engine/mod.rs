//! The TensorRT engine flow: what an engine that `trtllm-build` made allocates, in the order of start-up.

pub mod activations;
pub mod decoder_buffers;
pub mod runtime_buffers;
pub mod workspaces;
