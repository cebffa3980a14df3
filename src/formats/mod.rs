//! The outside world in text: share links, answers as JSON, models' and engines' files, and logs.

pub mod document;
mod fields;
pub mod hf_config;
pub mod json;
pub mod link;
pub mod log;
pub mod model_file;
mod nearest;
mod quantization;
pub mod read_report;
pub mod safetensors;
pub mod trtllm_config;
