//! The outside world in text: share links, and answers as JSON.

pub mod json;
pub mod link;
mod nearest;
