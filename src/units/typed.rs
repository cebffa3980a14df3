//! Numbers as people type them: `8k`, `2^17`, `1e4`, `8,192`, `80 %`.

use super::{decimal, shortest};

/// Parses a whole number. Digits may be grouped by commas, spaces or `_`. `k` multiplies by 1,024
/// and `M` by 1,048,576, because numbers of tokens are mostly powers of two. `2^13` is a power,
/// `1e4` is 10,000. Returns `None` for any other text and for results that are not whole.
///
/// ```
/// use trtllm_memory::units::count;
/// assert_eq!(["8192", "8,192", "8k", "2^13"].map(count), [Some(8192); 4]);
/// assert_eq!(count("0.3k"), None);
/// ```
pub fn count(text: &str) -> Option<u64> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | '_') && !c.is_whitespace()).collect();
    if let Some((base, exponent)) = text.split_once('^') {
        return base.parse::<u64>().ok()?.checked_pow(exponent.parse().ok()?);
    }
    if let Some(number) = text.strip_suffix(['k', 'K']) {
        return product(number, 1 << 10);
    }
    if let Some(number) = text.strip_suffix(['m', 'M']) {
        return product(number, 1 << 20);
    }
    match text.split_once(['e', 'E']) {
        Some((number, exponent)) => product(number, 10_u64.checked_pow(exponent.parse().ok()?)?),
        None => text.parse().ok(),
    }
}

/// Returns the product of a decimal number and a factor if it is whole. Not computed with `f64`,
/// which would round.
fn product(number: &str, factor: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = part.trim_end_matches('0');
    let digits: u64 = format!("{whole}{part}").parse().ok()?;
    let unit = 10_u64.checked_pow(part.len() as u32)?;
    let product = digits.checked_mul(factor)?;
    product.is_multiple_of(unit).then(|| product / unit)
}

/// Parses a fraction: `0.8`, or `80%`.
///
/// ```
/// use trtllm_memory::units::fraction;
/// assert_eq!(["0.8", "80%", "80 %"].map(fraction), [Some(0.8); 3]);
/// ```
pub fn fraction(text: &str) -> Option<f64> {
    match text.trim().strip_suffix('%') {
        Some(percent) => decimal(percent).map(|percent| displayed(percent / 100.0)),
        None => decimal(text),
    }
}

/// Rounds to the number that [`shortest`] writes, so that a link contains exactly this number.
pub(crate) fn displayed(number: f64) -> f64 {
    decimal(&shortest(number)).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn whole_numbers_are_read_in_each_form() {
        for (text, number) in [
            ("0", 0),
            ("8192", 8_192),
            ("8,192", 8_192),
            ("8 192", 8_192),
            ("8\u{202f}192", 8_192),
            ("8_192", 8_192),
            ("8k", 8_192),
            (" 8 K ", 8_192),
            ("128k", 131_072),
            ("0.5k", 512),
            (".5k", 512),
            ("1M", 1_048_576),
            ("1m", 1_048_576),
            ("1.50M", 1_572_864),
            ("2^17", 131_072),
            ("2 ^ 0", 1),
            ("10^4", 10_000),
            ("1e4", 10_000),
            ("1E+4", 10_000),
            ("2.5e3", 2_500),
            ("1.1e1", 11),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(count(text), Some(number), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_whole_numbers() {
        for text in [
            "",
            "k",
            "M",
            ".k",
            "e4",
            "^",
            "2^",
            "^2",
            "-8",
            "-8k",
            "8.5",
            "0.3k",
            "1.23e1",
            "1e-1",
            "8kk",
            "8kM",
            "2^13k",
            "1e4k",
            "2^64",
            "1e20",
            "1e308",
            "18446744073709551616",
            "16777216000M00k",
            "8 GiB",
            "eight",
            "80%",
            "0x10",
            "٣",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_read_as_decimals_and_in_per_cent() {
        for (text, number) in [("0.9", 0.9), ("90%", 0.9), (" 12.3 % ", 0.123), ("7%", 0.07), ("100%", 1.0)] {
            assert_eq!(fraction(text), Some(number), "{text}");
        }
        for text in ["", "%", "-5%", "80%%", "%80", "0,9", "9/10", "1e-1"] {
            assert_eq!(fraction(text), None, "{text}");
        }
    }

    #[test]
    fn per_cents_are_written_in_few_digits() {
        for tenths in 1..1000_u32 {
            let percent = format!("{}.{}%", tenths / 10, tenths % 10);
            let written = fraction(&percent).map(shortest).unwrap();
            assert_eq!(written, format!("0.{tenths:03}").trim_end_matches('0'), "{percent}");
        }
    }
}
