//! The outside world in text: share links, answers as JSON, tables, the commands that start a deployment, models' and engines' files,
//! and logs.

pub mod commands;
pub mod document;
mod fields;
pub mod hf_config;
pub mod json;
pub mod link;
pub mod log;
pub mod model_file;
#[cfg(not(feature = "lean"))]
mod nearest;
mod quantization;
pub mod read_report;
pub mod safetensors;
pub mod summary;
pub mod table;
pub mod trtllm_config;
