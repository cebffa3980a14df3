//! Sizes in bytes and the units that show them, and numbers as text.
//!
//! A size is shown in binary units unless the caller asks for decimal ones with [`Bytes::display`]:
//! 1 GiB is 1024 MiB, 1 GB is 1000 MB. TensorRT-LLM's log prints binary figures, even where it
//! writes "MB" or "GB".

mod typed;

pub(crate) use typed::displayed;
pub use typed::{count, fraction};

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;
use thiserror::Error;

/// Bytes in a KiB.
pub const KIB: u64 = 1 << 10;
/// Bytes in a MiB.
pub const MIB: u64 = 1 << 20;
/// Bytes in a GiB.
pub const GIB: u64 = 1 << 30;

/// The units in which sizes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Units {
    /// KiB, MiB and GiB: each is 1024 of the one before.
    #[default]
    Binary,
    /// kB, MB and GB: each is 1000 of the one before.
    Decimal,
}

impl Units {
    /// Both units.
    pub const ALL: [Units; 2] = [Units::Binary, Units::Decimal];

    /// The name of the unit of large sizes: `GiB` or `GB`.
    pub const fn giga(self) -> &'static str {
        self.names()[2]
    }

    /// The bytes of the unit of large sizes.
    pub fn giga_bytes(self) -> f64 {
        self.step().pow(3) as f64
    }

    /// The ratio of each unit to the one before.
    const fn step(self) -> u64 {
        match self {
            Units::Binary => KIB,
            Units::Decimal => 1000,
        }
    }

    const fn names(self) -> [&'static str; 3] {
        match self {
            Units::Binary => ["KiB", "MiB", "GiB"],
            Units::Decimal => ["kB", "MB", "GB"],
        }
    }
}

/// The name of the unit of large sizes, which [`Units::from_str`] parses.
impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.giga())
    }
}

/// Parses `GiB` or `GB`, in any case.
///
/// ```
/// use trtllm_memory::units::Units;
/// assert_eq!("gb".parse(), Ok(Units::Decimal));
/// assert_eq!("GBit".parse::<Units>().unwrap_err().to_string(), "expected GiB or GB");
/// ```
impl FromStr for Units {
    type Err = ParseUnitsError;

    fn from_str(text: &str) -> Result<Units, ParseUnitsError> {
        Units::ALL.into_iter().find(|units| units.giga().eq_ignore_ascii_case(text)).ok_or(ParseUnitsError)
    }
}

/// The error of a text that names no [`Units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected GiB or GB")]
pub struct ParseUnitsError;

/// A number of bytes. Arithmetic saturates: an absurd deployment has an absurd size, not a panic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Zero bytes.
    pub const ZERO: Bytes = Bytes(0);

    /// Returns `mib` MiB.
    pub const fn from_mib(mib: u64) -> Bytes {
        Bytes(mib.saturating_mul(MIB))
    }

    /// Returns `gib` GiB, rounded to the nearest byte; zero for negative numbers and NaN.
    pub fn from_gib(gib: f64) -> Bytes {
        Bytes::rounded(gib * GIB as f64)
    }

    /// Returns `bytes`, rounded to the nearest byte; zero for negative numbers and NaN.
    pub fn rounded(bytes: f64) -> Bytes {
        // Not `f64::round`, which is a library call on most targets: an estimate rounds often.
        let whole = bytes as u64;
        Bytes(whole.saturating_add(u64::from(bytes - whole as f64 >= 0.5)))
    }

    /// The size in GiB.
    pub fn gib(self) -> f64 {
        self.0 as f64 / GIB as f64
    }

    /// The size in the unit of large sizes: GiB or GB.
    pub fn giga(self, units: Units) -> f64 {
        self.0 as f64 / units.giga_bytes()
    }

    /// The size in the unit of large sizes as text with two decimals, without the unit; a size that
    /// would read as zero is "< 0.01".
    ///
    /// ```
    /// use trtllm_memory::units::{Bytes, Units};
    /// assert_eq!(Bytes(85_020_000_000).in_giga(Units::Decimal), "85.02");
    /// assert_eq!(Bytes(1).in_giga(Units::Binary), "< 0.01");
    /// assert_eq!(Bytes::ZERO.in_giga(Units::Binary), "0.00");
    /// ```
    pub fn in_giga(self, units: Units) -> String {
        match grouped_decimal(self.giga(units), 2) {
            zero if zero == "0.00" && self > Bytes::ZERO => "< 0.01".into(),
            text => text,
        }
    }

    /// The size as text in the largest unit that it reaches: `63.44 GiB`, `85.02 GB`.
    ///
    /// ```
    /// use trtllm_memory::units::{Bytes, Units};
    /// assert_eq!(Bytes(1_500_000).display(Units::Decimal).to_string(), "1.50 MB");
    /// assert_eq!(Bytes(1_500_000).to_string(), "1.43 MiB");
    /// ```
    pub fn display(self, units: Units) -> DisplayBytes {
        DisplayBytes { bytes: self, units }
    }

    /// The size in MiB.
    pub fn mib(self) -> f64 {
        self.0 as f64 / MIB as f64
    }

    /// The difference; zero if `other` is larger.
    pub fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }

    /// The share of `whole`, from 0 to 1; 0 if `whole` is zero.
    pub fn share_of(self, whole: Bytes) -> f64 {
        if whole.0 == 0 { 0.0 } else { self.0 as f64 / whole.0 as f64 }
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Bytes) {
        *self = *self + other;
    }
}

impl Sub for Bytes {
    type Output = Bytes;
    fn sub(self, other: Bytes) -> Bytes {
        self.saturating_sub(other)
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(bytes: I) -> Bytes {
        bytes.fold(Bytes::ZERO, Add::add)
    }
}

/// A size as text, made by [`Bytes::display`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayBytes {
    bytes: Bytes,
    units: Units,
}

impl fmt::Display for DisplayBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bytes(bytes) = self.bytes;
        let step = self.units.step();
        if bytes < step {
            return write!(f, "{bytes} B");
        }
        let power = if bytes < step.pow(2) {
            1
        } else if bytes < step.pow(3) {
            2
        } else {
            3
        };
        let size = bytes as f64 / step.pow(power as u32) as f64;
        write!(f, "{} {}", grouped_decimal(size, 2), self.units.names()[power - 1])
    }
}

/// The size in binary units: `63.44 GiB`, `43.29 MiB`, `12 B`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(Units::Binary).fmt(f)
    }
}

/// Parses a number with a unit, as [`Bytes::display`] writes it: `63.44 GiB`, `1,500 MB`, `12 B`.
/// The unit may be in upper or lower case.
///
/// ```
/// use trtllm_memory::units::{Bytes, MIB};
/// assert_eq!("1.5 MiB".parse(), Ok(Bytes(3 * MIB / 2)));
/// assert!("1.5".parse::<Bytes>().is_err());
/// ```
impl FromStr for Bytes {
    type Err = ParseBytesError;

    fn from_str(text: &str) -> Result<Bytes, ParseBytesError> {
        let text = text.trim();
        let (number, unit) = text.split_at(text.find(char::is_alphabetic).ok_or(ParseBytesError)?);
        let number = decimal(&number.replace(',', "")).ok_or(ParseBytesError)?;
        let named = |units: Units| {
            let power = units.names().iter().position(|name| name.eq_ignore_ascii_case(unit))?;
            Some(units.step().pow(power as u32 + 1))
        };
        let factor = if unit.eq_ignore_ascii_case("B") { Some(1) } else { Units::ALL.into_iter().find_map(named) };
        Ok(Bytes::rounded(number * factor.ok_or(ParseBytesError)? as f64))
    }
}

/// The error of a text that is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a number with one of the units B, KiB, MiB, GiB, kB, MB or GB")]
pub struct ParseBytesError;

/// Formats a whole number with thousands separated by commas: `259,840`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a non-negative number with `places` decimals and thousands separated by commas:
/// `1,024.50`.
pub fn grouped_decimal(number: f64, places: usize) -> String {
    // Not by `{:.2}`: the standard library prints up to a thousand digits exactly, and the page
    // would have to load the code for that.
    let unit = 10_u64.pow(places as u32);
    let (whole, part) = if number < EXACT / unit as f64 {
        let all = (number * unit as f64).round_ties_even() as u64;
        (all / unit, all % unit)
    } else {
        (number as u64, 0)
    };
    if places == 0 { grouped(whole) } else { format!("{}.{part:0places$}", grouped(whole)) }
}

/// Joins the texts of `values` with `separator` between them.
pub fn joined(values: impl IntoIterator<Item: fmt::Display>, separator: &str) -> String {
    let mut text = String::new();
    for value in values {
        let between = if text.is_empty() { "" } else { separator };
        text += &format!("{between}{value}");
    }
    text
}

/// Returns `value` less `reference` with its sign: `+1.25 GiB`, `−12`, or `±0`. `show` formats the
/// magnitude.
///
/// ```
/// use trtllm_memory::units::{grouped, signed};
/// assert_eq!(signed(1000, 2500, grouped), "−1,500");
/// ```
pub fn signed(value: u64, reference: u64, show: impl FnOnce(u64) -> String) -> String {
    match value.cmp(&reference) {
        Ordering::Less => format!("−{}", show(reference - value)),
        Ordering::Equal => "±0".into(),
        Ordering::Greater => format!("+{}", show(value - reference)),
    }
}

/// The limit up to which `f64` represents every whole number.
const EXACT: f64 = (1_u64 << 53) as f64;

/// Parses a number such as `0.9` or `79.25`. The standard library's parser would add ten kilobytes
/// of tables to the page, for exponents that no setting has. Digits after the fifteenth are
/// dropped, so that the quotient is exact.
pub fn decimal(text: &str) -> Option<f64> {
    const DIGITS: usize = 15;
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > DIGITS {
        return None;
    }
    let kept = &fraction.as_bytes()[..fraction.len().min(DIGITS - whole.len())];
    let mut digits = whole.bytes().chain(kept.iter().copied());
    let mantissa = digits.try_fold(0_u64, |sum, digit| Some(sum * 10 + u64::from(char::from(digit).to_digit(10)?)))?;
    let rest_is_digits = fraction.bytes().all(|digit| digit.is_ascii_digit());
    rest_is_digits.then(|| mantissa as f64 / 10_u64.pow(kept.len() as u32) as f64)
}

/// Formats a number in the fewest digits that [`decimal`] parses as the same number, for links and
/// fields: `0.9`, `79.25`. It rounds to twelve places. Numbers that no setting can have are still
/// distinguished: `-1`, `inf`, `NaN`.
///
/// ```
/// assert_eq!(trtllm_memory::units::shortest(0.9), "0.9");
/// ```
pub fn shortest(number: f64) -> String {
    // Not by `{}`, for the reason given in `grouped_decimal`.
    const PLACES: usize = 12;
    if number < 0.0 {
        return format!("-{}", shortest(-number));
    }
    if !number.is_finite() {
        return if number.is_nan() { "NaN" } else { "inf" }.to_string();
    }
    let with = |places| grouped_decimal(number, places).replace(',', "");
    (0..PLACES).map(with).find(|text| decimal(text) == Some(number)).unwrap_or_else(|| with(PLACES))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sizes_are_written_in_binary_units() {
        assert_eq!(Bytes(12).to_string(), "12 B");
        assert_eq!(Bytes(1536).to_string(), "1.50 KiB");
        assert_eq!(Bytes::from_mib(43).to_string(), "43.00 MiB");
        assert_eq!(Bytes(4060 * 64 * 262_144).to_string(), "63.44 GiB");
        assert_eq!(Bytes(u64::MAX).to_string(), "17,179,869,184.00 GiB");
    }

    #[test]
    fn sizes_are_shown_in_decimal_units_where_these_are_preferred() {
        let shown = [999, 1000, 1_500_000, 85_022_736_384, u64::MAX]
            .map(|bytes| Bytes(bytes).display(Units::Decimal).to_string());
        assert_eq!(shown, ["999 B", "1.00 kB", "1.50 MB", "85.02 GB", "18,446,744,073.71 GB"]);
        assert_eq!((Units::Decimal.giga(), Bytes(1_500_000_000).giga(Units::Decimal)), ("GB", 1.5));
        assert_eq!((Units::Binary.giga(), Bytes(3 << 29).giga(Units::Binary)), ("GiB", 1.5));
    }

    #[test]
    fn sizes_are_parsed_as_they_are_displayed() {
        for (text, bytes) in [
            ("12 B", 12),
            ("1.50 KiB", 1536),
            ("6,695 MiB", 6695 << 20),
            ("79.5GiB", 159 << 29),
            (" 1.5 kB", 1500),
            ("85.02 GB", 85_020_000_000),
            ("24gib", 24 << 30),
            ("24 gb", 24_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", "12", "GiB", "-1 GiB", "1 G", "1 GiB 2", "1e3 MB", "NaN B"] {
            assert_eq!(text.parse::<Bytes>(), Err(ParseBytesError), "{text}");
        }
    }

    #[test]
    fn units_are_parsed_as_they_are_displayed() {
        for units in Units::ALL {
            assert_eq!(units.to_string().parse(), Ok(units));
        }
        assert_eq!("gIb".parse(), Ok(Units::Binary));
        assert_eq!("MB".parse::<Units>(), Err(ParseUnitsError));
    }

    #[test]
    fn bytes_are_rounded_as_numbers_are() {
        let half = 0.5_f64;
        let large = 9_007_199_254_740_991.0;
        for bytes in
            [0.0, 0.2, half.next_down(), half, 1.5, 2.5, 2.49, 1e9 + half, large, large / 2.0, 1e30, -0.7, -3.0]
        {
            assert_eq!(Bytes::rounded(bytes), Bytes(bytes.round() as u64), "{bytes}");
        }
        assert_eq!(Bytes::rounded(f64::NAN), Bytes::ZERO);
        assert_eq!(Bytes::rounded(f64::INFINITY), Bytes(u64::MAX));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Bytes(u64::MAX) + Bytes(1), Bytes(u64::MAX));
        assert_eq!(Bytes(1) - Bytes(2), Bytes::ZERO);
        assert_eq!(Bytes::from_gib(-1.0), Bytes::ZERO);
        assert_eq!(Bytes::from_gib(f64::NAN), Bytes::ZERO);
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        assert_eq!(grouped(259_840), "259,840");
        assert_eq!(grouped(12), "12");
        assert_eq!(grouped_decimal(1234.5, 1), "1,234.5");
        for number in [0.0, 0.125, 0.375, 9.999, 63.4375, 1e6 / 3.0, 1e15, 2e18] {
            for places in 0..4 {
                let exact = format!("{number:.places$}");
                assert_eq!(grouped_decimal(number, places).replace(',', ""), exact);
            }
        }
    }

    #[test]
    fn differences_have_a_sign_and_saturate_at_neither_end() {
        let size = |bytes| Bytes(bytes).to_string();
        assert_eq!(signed(3 << 29, 1 << 30, size), "+512.00 MiB");
        assert_eq!(signed(0, 12, size), "−12 B");
        assert_eq!(signed(7, 7, size), "±0");
        assert_eq!(signed(u64::MAX, 0, grouped), "+18,446,744,073,709,551,615");
        assert_eq!(signed(0, u64::MAX, grouped), "−18,446,744,073,709,551,615");
    }

    #[test]
    fn a_number_is_written_in_the_fewest_digits() {
        for number in [0.9, 0.125, 79.1, 1.0, 16384.0, 0.02, 0.123456789, 70.48, 0.0] {
            assert_eq!(shortest(number), number.to_string());
        }
        assert_eq!(shortest(1.0 / 3.0), "0.333333333333");
        assert_eq!([-0.5, f64::NAN, f64::NEG_INFINITY].map(shortest), ["-0.5", "NaN", "-inf"]);
    }

    #[test]
    fn decimals_are_read_as_the_standard_library_reads_them() {
        for text in ["0.9", "79.18", "1", "0.1", "16384", ".5", "5.", "0.123456789012", "007.50"] {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        for text in ["", ".", "-1", "1e3", "0.9.1", "NaN", "inf", "0x1", "1 2", "٣", "9999999999999999"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
