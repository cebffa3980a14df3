//! Units: a number of bytes is a type, and its text says which prefix it uses.
//!
//! Sizes are read and kept in binary units: 1 KiB is 1024 bytes. TensorRT-LLM's log prints binary figures too, also
//! where it writes "MB" or "GB". Whoever prefers decimal units sees those, see [`Prefixes`].

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// Bytes in a KiB.
pub const KIB: u64 = 1 << 10;
/// Bytes in a MiB.
pub const MIB: u64 = 1 << 20;
/// Bytes in a GiB.
pub const GIB: u64 = 1 << 30;

/// The prefixes with which sizes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefixes {
    /// 1 GiB is 1024 MiB.
    #[default]
    Binary,
    /// 1 GB is 1000 MB.
    Decimal,
}

thread_local! {
    static SHOWN: Cell<Prefixes> = const { Cell::new(Prefixes::Binary) };
}

impl Prefixes {
    /// The prefixes that the name of a unit has: those of `GiB` or `GB`, in any case.
    ///
    /// ```
    /// use trtllm_memory::units::Prefixes;
    /// assert_eq!(Prefixes::of("gb"), Some(Prefixes::Decimal));
    /// assert_eq!(Prefixes::of("GBit"), None);
    /// ```
    pub fn of(unit: &str) -> Option<Prefixes> {
        [Prefixes::Binary, Prefixes::Decimal].into_iter().find(|prefixes| prefixes.giga().eq_ignore_ascii_case(unit))
    }

    /// Shows sizes with these prefixes on this thread from now on. Returns those of before.
    pub fn show(self) -> Prefixes {
        SHOWN.replace(self)
    }

    /// Those that this thread shows sizes with.
    pub fn shown() -> Prefixes {
        SHOWN.get()
    }

    /// The unit that large sizes are shown in.
    pub fn giga(self) -> &'static str {
        self.units()[2]
    }

    /// By what each unit is larger than the one before it.
    fn step(self) -> u64 {
        match self {
            Prefixes::Binary => KIB,
            Prefixes::Decimal => 1000,
        }
    }

    fn units(self) -> [&'static str; 3] {
        match self {
            Prefixes::Binary => ["KiB", "MiB", "GiB"],
            Prefixes::Decimal => ["kB", "MB", "GB"],
        }
    }
}

/// The unit that large sizes are shown in: `GiB` or `GB`.
pub fn giga() -> &'static str {
    Prefixes::shown().giga()
}

/// The bytes of that unit.
pub fn giga_bytes() -> f64 {
    Prefixes::shown().step().pow(3) as f64
}

/// A number of bytes. Arithmetic saturates: an absurd deployment has an absurd size, not a panic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// No bytes at all.
    pub const ZERO: Bytes = Bytes(0);

    /// `mib` binary megabytes.
    pub const fn from_mib(mib: u64) -> Bytes {
        Bytes(mib.saturating_mul(MIB))
    }

    /// `gib` binary gigabytes, rounded to the nearest byte; negative and not-a-number give zero.
    pub fn from_gib(gib: f64) -> Bytes {
        Bytes::rounded(gib * GIB as f64)
    }

    /// `bytes`, rounded to the nearest byte; negative and not-a-number give zero.
    pub fn rounded(bytes: f64) -> Bytes {
        // As `f64::round` does it, which is a call of a library on most targets: an estimate rounds often.
        let whole = bytes as u64;
        Bytes(whole.saturating_add(u64::from(bytes - whole as f64 >= 0.5)))
    }

    /// The size in GiB.
    pub fn gib(self) -> f64 {
        self.0 as f64 / GIB as f64
    }

    /// The size in the unit that large sizes are shown in.
    pub fn giga(self) -> f64 {
        self.0 as f64 / giga_bytes()
    }

    /// The size in MiB.
    pub fn mib(self) -> f64 {
        self.0 as f64 / MIB as f64
    }

    /// The difference, or zero where `other` is larger.
    pub fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }

    /// The share of `whole`, from 0 to 1; 0 of nothing is 0.
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

/// The size in the largest unit that leaves at least one before the point: `63.44 GiB`, `43.29 MiB`, `12 B`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = Prefixes::shown();
        let step = prefixes.step();
        if self.0 < step {
            return write!(f, "{} B", self.0);
        }
        let power = if self.0 < step.pow(2) {
            1
        } else if self.0 < step.pow(3) {
            2
        } else {
            3
        };
        let size = self.0 as f64 / step.pow(power as u32) as f64;
        write!(f, "{} {}", grouped_decimal(size, 2), prefixes.units()[power - 1])
    }
}

/// A whole number with thousands separated by commas: `259,840`.
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

/// A number from zero on with `places` decimals and thousands separated by commas: `1,024.50`.
pub fn grouped_decimal(number: f64, places: usize) -> String {
    // Not by `{:.2}`, whose exactness to the last of a thousand digits the page would have to load.
    let unit = 10_u64.pow(places as u32);
    let (whole, part) = if number < EXACT / unit as f64 {
        let all = (number * unit as f64).round_ties_even() as u64;
        (all / unit, all % unit)
    } else {
        (number as u64, 0)
    };
    if places == 0 { grouped(whole) } else { format!("{}.{part:0places$}", grouped(whole)) }
}

/// The texts of `values` with `separator` between them.
pub fn joined(values: impl IntoIterator<Item: fmt::Display>, separator: &str) -> String {
    let mut text = String::new();
    for value in values {
        let between = if text.is_empty() { "" } else { separator };
        text += &format!("{between}{value}");
    }
    text
}

/// Returns `value` less `reference` with its sign: `+1.25 GiB`, `−12`, or `±0`. `show` writes its magnitude.
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

/// Up to here `f64` holds every whole number.
const EXACT: f64 = (1_u64 << 53) as f64;

/// A number such as `0.9` or `79.25`. The standard library's reader would bring the page ten kilobytes of tables for
/// exponents that no setting has; here digits beyond the fifteenth are dropped, so that the quotient is exact.
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

/// A number in the fewest digits that [`decimal`] reads as the same, for links and fields: `0.9`, `79.25`. Beyond twelve places it is
/// rounded, and what no setting can be is at least told apart: `-1`, `inf`, `NaN`.
///
/// ```
/// assert_eq!(trtllm_memory::units::shortest(0.9), "0.9");
/// ```
pub fn shortest(number: f64) -> String {
    // Not by `{}`, for the reason above.
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
        let before = Prefixes::Decimal.show();
        let shown = [999, 1000, 1_500_000, 85_022_736_384, u64::MAX].map(|bytes| Bytes(bytes).to_string());
        let (unit, size) = (giga(), Bytes(1_500_000_000).giga());
        before.show();
        assert_eq!(shown, ["999 B", "1.00 kB", "1.50 MB", "85.02 GB", "18,446,744,073.71 GB"]);
        assert_eq!((unit, size), ("GB", 1.5));
        assert_eq!((giga(), Bytes(3 << 29).giga()), ("GiB", 1.5));
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
