//! The outside world in text: share links.

pub mod link;
mod nearest;
