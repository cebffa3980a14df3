//! Tests of the behaviour that a user relies on, in one program, so that they are linked once.
// With this attribute Clippy also treats helpers outside of `#[test]` functions as test code.
#![cfg(test)]

mod accuracy;
mod build_rules;
mod catalogue;
mod default_configurations;
mod encoder_decoder;
mod engine_buffers;
mod engine_kv_cache;
mod engine_logs;
mod engine_memory;
mod engine_properties;
mod explore_command;
mod explore_properties;
mod fuzz_corpus;
mod link_properties;
mod links;
mod logs;
mod model_files;
mod native_command;
mod overhead_logs;
mod properties;
mod pytorch_flow;
mod pytorch_logs;
mod pytorch_properties;
mod settings;
mod start_up;
mod statements;
mod stored_precisions;
mod support;
mod uncertainty;
mod validate_command;
