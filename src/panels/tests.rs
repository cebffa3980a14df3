use crate::worker::{Given, answer_text};

/// Returns the answer to a request when nothing was given.
pub(super) fn answer(request: &str) -> String {
    answer_text(request, &Given::default())
}
