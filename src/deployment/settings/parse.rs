//! Parsers of settings, and the ranges of their values.

use crate::architecture::Dtype;
use crate::deployment::InvalidValue;
use crate::units::{decimal, grouped};
use std::fmt::Display;

/// The largest size in GiB.
const MAX_GIB: f64 = 16_384.0;

/// Returns the number if it is within these bounds.
pub(super) fn within(number: u64, (min, max): (u64, u64)) -> Result<u64, InvalidValue> {
    Some(number).filter(|number| (min..=max).contains(number)).ok_or_else(|| not_within((min, max)))
}

fn not_within((min, max): (u64, u64)) -> InvalidValue {
    InvalidValue::new(format!("must be a whole number from {} to {}", grouped(min), grouped(max)))
}

/// Parses a whole number within these bounds.
pub(super) fn whole(text: &str, bounds: (u64, u64)) -> Result<u64, InvalidValue> {
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    within(digits.parse().map_err(|_| not_within(bounds))?, bounds)
}

/// Parses whole numbers separated by commas; an empty text is an empty list.
pub(super) fn whole_list(text: &str, bounds: (u64, u64)) -> Result<Vec<u64>, InvalidValue> {
    match given(text) {
        Some(text) => text.trim_matches(['[', ']']).split(',').map(|number| whole(number, bounds)).collect(),
        None => Ok(Vec::new()),
    }
}

/// Returns the size in GiB if it is valid for a GPU.
pub(super) fn gib(size: f64) -> Result<f64, InvalidValue> {
    Some(size).filter(|size| *size > 0.0 && *size <= MAX_GIB).ok_or_else(|| {
        InvalidValue::new(format!("must be a size in GiB above 0 and up to {}", grouped(MAX_GIB as u64)))
    })
}

/// Returns the fraction if it is above 0 and below 1.
pub(super) fn fraction(share: f64) -> Result<f64, InvalidValue> {
    Some(share)
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| InvalidValue::new("must be a fraction above 0 and below 1, such as 0.9"))
}

/// Parses a decimal number. Returns NaN for an invalid text, because NaN is in no range.
pub(super) fn number(text: &str) -> f64 {
    decimal(text).unwrap_or(f64::NAN)
}

pub(super) fn toggle(text: &str) -> Result<bool, InvalidValue> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "yes" | "enable" => Ok(true),
        "false" | "off" | "0" | "no" | "disable" => Ok(false),
        _ => Err(InvalidValue::new("must be true or false")),
    }
}

/// Parses a number type by any of its names; `names` are those in the error.
pub(super) fn dtype(text: &str, names: &[&str]) -> Result<Dtype, InvalidValue> {
    Dtype::parse(text).ok_or_else(|| InvalidValue::not_one_of(text, names))
}

/// Returns the text; `None` if it stands for TensorRT-LLM's default.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !matches!(*text, "" | "none" | "auto"))
}

/// Parses an optional value; `None` if the text stands for TensorRT-LLM's default.
pub(super) fn optional<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, InvalidValue> {
    given(text).map(read).transpose()
}

/// Returns the index of the name in `text`, ignoring case.
pub(super) fn chosen(text: &str, names: &[&str]) -> Result<usize, InvalidValue> {
    let text = text.trim();
    names.iter().position(|name| name.eq_ignore_ascii_case(text)).ok_or_else(|| InvalidValue::not_one_of(text, names))
}

/// Formats an optional value; empty if unset.
pub(super) fn text<T: Display>(setting: Option<T>) -> String {
    setting.map_or_else(String::new, |setting| setting.to_string())
}
