//! Writers: answers as JSON, tables, summaries, and the commands that start a deployment.

pub mod commands;
pub mod json;
pub mod summary;
pub mod table;
