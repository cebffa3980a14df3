//! Reading the text of a setting, or saying what would be right.

use crate::architecture::Dtype;
use crate::units::{decimal, grouped};
use std::fmt::Display;

/// The largest size in GiB.
const MAX_GIB: f64 = 16_384.0;

/// A whole number within these bounds.
pub(super) fn whole(text: &str, (min, max): (u64, u64)) -> Result<u64, String> {
    let advice = || format!("must be a whole number from {} to {}", grouped(min), grouped(max));
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    match digits.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(advice()),
    }
}

/// Whole numbers separated by commas; none of an empty text.
pub(super) fn whole_list(text: &str, bounds: (u64, u64)) -> Result<Vec<u64>, String> {
    let mut numbers = Vec::new();
    if let Some(text) = given(text) {
        for number in text.trim_matches(['[', ']']).split(',') {
            numbers.push(whole(number, bounds)?);
        }
    }
    Ok(numbers)
}

pub(super) fn gib(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|size| *size > 0.0 && *size <= MAX_GIB)
        .ok_or_else(|| format!("must be a size in GiB above 0 and up to {}", grouped(MAX_GIB as u64)))
}

pub(super) fn fraction(text: &str) -> Result<f64, String> {
    decimal(text)
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| "must be a fraction above 0 and below 1, such as 0.9".into())
}

pub(super) fn toggle(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "yes" | "enable" => Ok(true),
        "false" | "off" | "0" | "no" | "disable" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn none_of(text: &str, names: &[&str]) -> String {
    format!("must be one of {}; \"{text}\" is none of them", names.join(", "))
}

/// What `text` was found to be among what has these names.
pub(super) fn choice<T>(text: &str, found: Option<T>, names: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| none_of(text, names))
}

/// A number format of these names, by any name that it has.
pub(super) fn dtype(text: &str, names: &[&str]) -> Result<Dtype, String> {
    choice(text, Dtype::parse(text), names)
}

/// What is given; nothing where it is left to TensorRT-LLM.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !matches!(*text, "" | "none" | "auto"))
}

pub(super) fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    given(text).map(read).transpose()
}

/// The place of the name that `text` is, upper and lower case being alike.
pub(super) fn chosen(text: &str, names: &[&str]) -> Result<usize, String> {
    let text = text.trim();
    choice(text, names.iter().position(|name| name.eq_ignore_ascii_case(text)), names)
}

/// What may be left to TensorRT-LLM; empty where it is.
pub(super) fn text<T: Display>(setting: Option<T>) -> String {
    setting.map_or_else(String::new, |setting| format!("{setting}"))
}
