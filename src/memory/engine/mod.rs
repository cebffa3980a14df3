//! The TensorRT engine flow: what an engine that `trtllm-build` made allocates, in the order of start-up.

pub mod activations;
pub mod decoder_buffers;
pub mod encoder;
pub mod guided;
pub mod lora;
pub mod post_kv_cache;
pub mod recurrent;
pub mod runtime_buffers;
pub mod sessions;
pub mod speculation;
pub mod workspaces;
