//! Links as they are written, with nothing undone that was done to them on their way.

use crate::deployment::{Deployment, Field};
use crate::link::{LONGEST, VIEW_OPTIONS, parts};
use form_urlencoded::parse;

/// The pairs of a link in their order, those of the query first; none where it is too long.
pub(in crate::link) fn pairs(link: &str) -> Vec<(String, String)> {
    if link.len() > LONGEST {
        return Vec::new();
    }
    let (query, fragment) = parts(link.trim());
    let from_query = parse(query.as_bytes()).filter(|(key, _)| !VIEW_OPTIONS.contains(&&**key));
    let pairs = from_query.chain(parse(fragment.as_bytes()));
    pairs.map(|(key, value)| (key.trim().to_string(), value.into_owned())).collect()
}

/// Never reads what the field itself doesn't.
pub(in crate::link) fn read(_: &Field, _: &mut Deployment, _: &str) -> bool {
    false
}

/// A small number.
pub(in crate::link) fn number(value: &str) -> Option<u32> {
    value.parse().ok()
}

/// Whether a pair is empty.
pub(in crate::link) fn says_nothing(key: &str, value: &str) -> bool {
    key.is_empty() && value.is_empty()
}

/// Nothing is said of a problem: whoever mends the link says it.
pub(in crate::link) fn said(_: impl FnOnce() -> String) -> String {
    String::new()
}

/// The end of a sentence about an unknown key.
pub(in crate::link) fn meant(_: &str) -> &'static str {
    "."
}
