//! The outside world in text: share links, answers as JSON, tables, and the commands that start a deployment.

pub mod commands;
pub mod json;
pub mod link;
mod nearest;
pub mod table;
