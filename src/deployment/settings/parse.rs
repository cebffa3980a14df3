//! Parsers of settings, and the ranges of their values.

use crate::architecture::Dtype;
use crate::deployment::InvalidValue;
use crate::units::{self, Bytes, decimal, displayed, grouped};
use std::fmt::Display;

/// The largest size in GiB.
const MAX_GIB: f64 = 16_384.0;
/// The whole number in the examples of messages.
const EXAMPLE: u64 = 8192;

/// Returns the number if it is within these bounds.
pub(super) fn within(number: u64, (min, max): (u64, u64)) -> Result<u64, InvalidValue> {
    Some(number).filter(|number| (min..=max).contains(number)).ok_or_else(|| not_within((min, max)))
}

fn not_within((min, max): (u64, u64)) -> InvalidValue {
    let example = if (min..=max).contains(&EXAMPLE) { ", such as 8192, 8k or 2^13" } else { "" };
    InvalidValue::new(format!("must be a whole number from {} to {}{example}", grouped(min), grouped(max)))
}

/// Parses a whole number within these bounds, in any form that [`units::count`] accepts.
pub(super) fn whole(text: &str, bounds: (u64, u64)) -> Result<u64, InvalidValue> {
    within(units::count(text).ok_or_else(|| not_within(bounds))?, bounds)
}

/// Returns the number of bytes if it is within these bounds.
pub(super) fn bytes_within(bytes: u64, (min, max): (u64, u64)) -> Result<u64, InvalidValue> {
    Some(bytes).filter(|bytes| (min..=max).contains(bytes)).ok_or_else(|| not_bytes_within((min, max)))
}

fn not_bytes_within((min, max): (u64, u64)) -> InvalidValue {
    InvalidValue::new(format!("must be bytes from {} to {}, such as 42949672960 or 40GiB", grouped(min), grouped(max)))
}

/// Parses a number of bytes within these bounds: a whole number, or a size with a unit.
pub(super) fn bytes(text: &str, bounds: (u64, u64)) -> Result<u64, InvalidValue> {
    let bytes = size(text).map(|Bytes(bytes)| bytes).or_else(|| units::count(text));
    bytes_within(bytes.ok_or_else(|| not_bytes_within(bounds))?, bounds)
}

/// Parses a size with a unit. Texts with a comma are rejected, because `22,5 GB` may mean 22.5 GB.
fn size(text: &str) -> Option<Bytes> {
    if text.contains(',') { None } else { text.parse().ok() }
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
        InvalidValue::new(format!(
            "must be a size in GiB above 0 and up to {}, such as 24 or 24GB",
            grouped(MAX_GIB as u64)
        ))
    })
}

/// Returns the fraction if it is above 0 and below 1.
pub(super) fn fraction(share: f64) -> Result<f64, InvalidValue> {
    Some(share)
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| InvalidValue::new("must be a fraction above 0 and below 1, such as 0.9 or 90%"))
}

/// Parses a fraction. Returns NaN for an invalid text, because NaN is in no range.
pub(super) fn fraction_text(text: &str) -> f64 {
    units::fraction(text).unwrap_or(f64::NAN)
}

/// Parses a number of GiB, or a size with a unit, converted to GiB. Returns NaN for an invalid
/// text, because NaN is in no range.
pub(super) fn gib_text(text: &str) -> f64 {
    decimal(text).or_else(|| size(text).map(|size| displayed(size.gib()))).unwrap_or(f64::NAN)
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
