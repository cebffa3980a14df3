//! A scanner for words and figures in a line.

use crate::units::{Bytes, GIB, KIB, MIB};
use serde::{Serialize, Serializer};

/// A size as printed in a log, with its rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// The printed figure.
    pub bytes: Bytes,
    /// Half a unit of its last digit.
    pub rounding: Bytes,
}

impl Size {
    /// A size that is printed exactly.
    pub const fn exact(bytes: u64) -> Size {
        Size { bytes: Bytes(bytes), rounding: Bytes::ZERO }
    }

    /// Whether `bytes` would be printed as this size.
    pub fn may_be(self, bytes: f64) -> bool {
        (bytes - self.bytes.0 as f64).abs() <= self.rounding.0 as f64 + 1.0
    }
}

/// As a number of bytes.
impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.bytes.serialize(serializer)
    }
}

/// The rest of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a>(pub &'a str);

impl<'a> Scan<'a> {
    /// The rest after the first `word`.
    pub(super) fn after(self, word: &str) -> Option<Scan<'a>> {
        self.0.find(word).and_then(|at| self.0.get(at + word.len()..)).map(Scan)
    }

    /// The rest after `word`, if it begins with `word`.
    pub(super) fn skip(self, word: &str) -> Option<Scan<'a>> {
        self.0.strip_prefix(word).map(Scan)
    }

    /// The next digits, after skipped blanks, brackets, signs and colons, and the rest after them.
    fn digits(self) -> Option<(&'a str, Scan<'a>)> {
        let rest = self.0.trim_start_matches([' ', ':', '=', '(', '+', '\t']);
        let end = rest.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(rest.len());
        let digits = rest[..end].trim_end_matches('.');
        (!digits.is_empty()).then(|| (digits, Scan(&rest[digits.len()..])))
    }

    /// The next whole number.
    pub(super) fn whole(self) -> Option<u64> {
        self.digits()?.0.parse().ok()
    }

    /// The next number.
    pub(super) fn number(self) -> Option<f64> {
        self.digits()?.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The next size: a number and its unit. All units are binary.
    pub(super) fn size(self) -> Option<Size> {
        let (digits, rest) = self.digits()?;
        let unit = rest.0.trim_start();
        let scale = if unit.starts_with("GiB") || unit.starts_with("GB") {
            GIB
        } else if unit.starts_with("MiB") || unit.starts_with("MB") {
            MIB
        } else if unit.starts_with("KiB") || unit.starts_with("KB") {
            KIB
        } else if unit.starts_with('B') || unit.starts_with("byte") {
            1
        } else {
            return None;
        };
        size(digits, scale)
    }

    /// The next number, in units of `scale` bytes.
    pub(super) fn scaled(self, scale: u64) -> Option<Size> {
        size(self.digits()?.0, scale)
    }

    /// The next word, up to a blank, a comma, a quote or a bracket.
    pub(super) fn word(self) -> &'a str {
        let rest = self.0.trim_start_matches([' ', '\'', '"', ':', '=']);
        rest.split([' ', ',', '\'', '"', ')']).next().unwrap_or("")
    }
}

fn size(digits: &str, scale: u64) -> Option<Size> {
    let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
    let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len().min(12));
    let half = if scale == 1 { 0.0 } else { scale as f64 / 10_f64.powi(places as i32) / 2.0 };
    Some(Size { bytes: Bytes((number * scale as f64).round() as u64), rounding: Bytes(half.ceil() as u64) })
}

/// A line without colour codes and other control characters.
pub(super) fn plain(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.bytes().any(|byte| byte.is_ascii_control()) {
        return line.into();
    }
    let mut text = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // A sequence ESC [ … letter; otherwise ESC is a single character.
            if letters.clone().next() == Some('[') {
                letters.next();
                for code in letters.by_ref() {
                    if code.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
        } else if letter == '\t' {
            text.push(' ');
        } else if !letter.is_control() {
            text.push(letter);
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sizes_keep_their_rounding() {
        let size = Scan("Allocated 43.29 MB GPU").after("Allocated").unwrap().size().unwrap();
        assert_eq!((size.bytes.0, size.rounding.0), (45_392_855, 5_243));
        assert!(size.may_be(43.294 * MIB as f64) && !size.may_be(43.30 * MIB as f64));
        assert_eq!(Scan(": 335907840 bytes").size(), Some(Size::exact(335_907_840)));
        assert_eq!(Scan(" 12 apples").size(), None);
        assert_eq!(
            Scan("98765432109876543210987654321098765432109876543210 GiB").size().unwrap().bytes,
            Bytes(u64::MAX)
        );
    }

    #[test]
    fn colour_codes_are_removed() {
        assert_eq!(plain("\u{1b}[33;20mrank 0\u{1b}[0m\ta"), "rank 0 a");
        assert_eq!(plain("\u{1b}x\u{1b}"), "x");
    }
}
