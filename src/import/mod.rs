//! Readers of other programs' files: Hugging Face configurations, TensorRT-LLM engines and
//! checkpoints, and safetensors headers.

mod foreign;
pub mod hf_config;
mod known;
mod mistral_params;
pub mod model_file;
mod object_reader;
pub mod quantization;
pub mod report;
pub mod safetensors;
pub mod spanned_json;
pub mod together;
pub mod trtllm_config;
