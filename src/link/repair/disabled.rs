//! Links as they are, without any repair.

use crate::deployment::{Deployment, Setting};
use crate::link::{LONGEST, VIEW_OPTIONS, parts};
use form_urlencoded::parse;

/// Parses the pairs of a link in their order, those of the query first; none if the link is too
/// long.
pub(in crate::link) fn pairs(link: &str) -> Vec<(String, String)> {
    if link.len() > LONGEST {
        return Vec::new();
    }
    let (query, fragment) = parts(link.trim());
    let from_query = parse(query.as_bytes()).filter(|(key, _)| !VIEW_OPTIONS.contains(&&**key));
    let pairs = from_query.chain(parse(fragment.as_bytes()));
    pairs.map(|(key, value)| (key.trim().to_string(), value.into_owned())).collect()
}

/// Never accepts a value that the field rejects.
pub(in crate::link) fn read(_: &Setting, _: &mut Deployment, _: &str) -> bool {
    false
}

/// Parses a small number.
pub(in crate::link) fn number(value: &str) -> Option<u32> {
    value.parse().ok()
}

/// Whether a pair is empty.
pub(in crate::link) fn is_blank(key: &str, value: &str) -> bool {
    key.is_empty() && value.is_empty()
}

/// Returns no message: the worker repairs the link and reports its problems.
pub(in crate::link) fn problem_message(_: impl FnOnce() -> String) -> String {
    String::new()
}

/// Ends a sentence about an unknown key without a suggestion.
pub(in crate::link) fn suggestion(_: &str) -> &'static str {
    "."
}
