//! Writers: answers as JSON, tables, summaries, and the commands that start a deployment.

#[cfg(feature = "export")]
pub mod commands;
pub mod json;
pub mod summary;
#[cfg(feature = "export")]
pub mod table;
