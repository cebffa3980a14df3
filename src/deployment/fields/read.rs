//! Reading the text of a setting, or saying what would be right.

use crate::architecture::Dtype;
use crate::deployment::Deployment;
use crate::units::{decimal, grouped, shortest};
use std::fmt::Display;

/// The largest size in GiB.
const MAX_GIB: f64 = 16_384.0;

pub(super) fn whole(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let advice = || format!("must be a whole number from {} to {}", grouped(min), grouped(max));
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    match digits.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(advice()),
    }
}

/// Whole numbers separated by commas; none of an empty text.
pub(super) fn whole_list(text: &str, min: u64, max: u64) -> Result<Vec<u64>, String> {
    let mut numbers = Vec::new();
    if let Some(text) = given(text) {
        for number in text.trim_matches(['[', ']']).split(',') {
            numbers.push(whole(number, min, max)?);
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
#[inline(never)]
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !matches!(*text, "" | "none" | "auto"))
}

pub(super) fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    given(text).map(read).transpose()
}

// The table has a hundred settings of these few kinds. What is the same for all of a kind is here once and called, since
// the page loads every copy that is made of it.

#[inline(never)]
pub(super) fn read_whole(setting: &mut u64, text: &str, min: u64, max: u64) -> Result<(), String> {
    *setting = whole(text, min, max)?;
    Ok(())
}

#[inline(never)]
pub(super) fn read_optional_whole(setting: &mut Option<u64>, text: &str, min: u64, max: u64) -> Result<(), String> {
    *setting = optional(text, |text| whole(text, min, max))?;
    Ok(())
}

#[inline(never)]
pub(super) fn read_optional<T>(
    setting: &mut Option<T>,
    text: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<(), String> {
    *setting = optional(text, read)?;
    Ok(())
}

#[inline(never)]
pub(super) fn read_toggle(setting: &mut bool, text: &str) -> Result<(), String> {
    *setting = toggle(text)?;
    Ok(())
}

#[inline(never)]
pub(super) fn read_dtype(setting: &mut Option<Dtype>, text: &str, names: &[&str]) -> Result<(), String> {
    *setting = optional(text, |text| dtype(text, names))?;
    Ok(())
}

/// Reads one of `names`, upper and lower case being alike, and sets what has its place.
#[inline(never)]
pub(super) fn read_named(
    d: &mut Deployment,
    text: &str,
    names: &[&str],
    set: fn(&mut Deployment, usize),
) -> Result<(), String> {
    let text = text.trim();
    let place = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    set(d, choice(text, place, names)?);
    Ok(())
}

#[inline(never)]
pub(super) fn text<T: Display>(setting: &Option<T>) -> String {
    setting.as_ref().map_or_else(String::new, |setting| format!("{setting}"))
}

#[inline(never)]
pub(super) fn decimal_text(setting: &Option<f64>) -> String {
    setting.map_or_else(String::new, shortest)
}
