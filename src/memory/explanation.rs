//! A traced figure as a tree that a person can read: what it is, its formula, the same with figures, its inputs.

use super::band::Band;
use super::calibration;
use super::number::{Law, Number, Step, Symbol, Traced, Unit};
use super::report::Figure;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use serde::Serialize;

/// One figure explained, with the figures that it is made of below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What it is.
    pub label: String,
    /// Its exact value: bytes, or a count.
    pub value: f64,
    /// Its value as a person reads it.
    pub text: String,
    /// The formula in symbols.
    pub formula: String,
    /// The formula with figures.
    pub figures: String,
    /// The inputs that this formula names.
    pub inputs: Vec<Input>,
    /// It is hardly smaller than this, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// It is hardly larger than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The band as a person reads it: `564.00 MiB to 889.00 MiB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// How the law is known, where one is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Where the law was read, where one is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// The parts, largest first where they add up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

/// An input of a formula.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// As the formula writes it.
    pub symbol: &'static str,
    /// What it stands for.
    pub meaning: &'static str,
    /// Its value.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
    /// The link key, where it was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
}

impl Explanation {
    /// The explanation of `number`, which is the size of `figure`.
    pub fn new(label: &str, number: &Traced, figure: &Figure, units: Units) -> Explanation {
        let band = Some(figure.band());
        let mut explanation = explain(label.to_string(), Unit::Bytes, number, Some(figure.law), band, units);
        // Few parts, each large: inserted one by one where they belong.
        for part in std::mem::take(&mut explanation.parts) {
            let place = explanation.parts.partition_point(|larger| larger.value >= part.value);
            explanation.parts.insert(place, part);
        }
        explanation
    }
}

fn explain(
    label: String,
    unit: Unit,
    number: &Traced,
    law: Option<&'static Law>,
    band: Option<Band>,
    units: Units,
) -> Explanation {
    let mut inputs = Vec::new();
    let mut parts = Vec::new();
    collect(number, &mut inputs, &mut parts, units);
    let value = number.value();
    let band = band.or_else(|| law.map(|law| Band::of(law, value)));
    let ends = band.map(|band| ((value - band.below).max(0.0), value + band.above));
    Explanation {
        label,
        value,
        text: value_text(unit, value, units),
        formula: write(number, Style::Symbols, 0),
        figures: write(number, Style::Figures(units), 0),
        inputs,
        low: ends.map(|(low, _)| low),
        high: ends.map(|(_, high)| high),
        band: ends.map(|(low, high)| format!("{} to {}", value_text(unit, low, units), value_text(unit, high, units))),
        evidence: law.map(|law| law.evidence.text()),
        source: law.map(|law| law.source),
        parts,
    }
}

fn value_text(unit: Unit, value: f64, units: Units) -> String {
    match unit {
        Unit::Bytes => Bytes(value.round() as u64).display(units).to_string(),
        Unit::Count => number_text(value),
    }
}

/// A number without a needless fraction.
fn number_text(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value as u64)
    } else {
        let places = if value < 10.0 { 4 } else { 2 };
        grouped_decimal(value, places).trim_end_matches('0').to_string()
    }
}

/// The inputs and named parts that a formula names, each once, without looking into the parts.
fn collect(number: &Traced, inputs: &mut Vec<Input>, parts: &mut Vec<Explanation>, units: Units) {
    match number.step() {
        Step::Literal => {}
        Step::Symbol(symbol) => {
            if !inputs.iter().any(|input| input.symbol == symbol.text) {
                inputs.push(input(symbol, number.value()));
            }
        }
        Step::Part(part, inner) => {
            if !parts.iter().any(|known| known.label == part.label && known.value == inner.value()) {
                parts.push(explain(part.label.clone(), part.unit, inner, part.law, part.band, units));
            }
        }
        Step::Sum(all) | Step::Product(all) | Step::Max(all) | Step::Min(all) => {
            for one in all {
                collect(one, inputs, parts, units);
            }
        }
        Step::Difference(a, b) | Step::Quotient(a, b) => {
            collect(a, inputs, parts, units);
            collect(b, inputs, parts, units);
        }
        Step::RoundUp(inner, _) | Step::Floor(inner) | Step::Ceil(inner) => collect(inner, inputs, parts, units),
    }
}

fn input(symbol: &'static Symbol, value: f64) -> Input {
    use super::number::Origin;
    let key = if let Origin::Chosen(key) = symbol.origin { Some(key) } else { None };
    let origin = calibration::of(symbol).map_or_else(|| symbol.origin.text(), calibration::Constant::origin);
    Input { symbol: symbol.text, meaning: symbol.meaning, value: number_text(value), origin, key }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Symbols,
    Figures(Units),
}

const SUM: u8 = 1;
const PRODUCT: u8 = 2;

/// The formula, in brackets where `outer` binds more tightly than it does.
fn write(number: &Traced, style: Style, outer: u8) -> String {
    let join = |all: &[Traced], by: &str, level: u8| {
        let text: Vec<String> = all.iter().map(|one| write(one, style, level)).collect();
        let text = text.join(by);
        if outer > level || (outer == level && by == " + ") { format!("({text})") } else { text }
    };
    let call = |name: &str, all: &[Traced]| {
        let text: Vec<String> = all.iter().map(|one| write(one, style, 0)).collect();
        format!("{name}({})", text.join(", "))
    };
    match number.step() {
        Step::Literal => number_text(number.value()),
        Step::Symbol(symbol) => match style {
            Style::Symbols => symbol.text.to_string(),
            Style::Figures(_) => number_text(number.value()),
        },
        Step::Part(part, inner) => match style {
            Style::Symbols => part.symbol.map_or_else(|| part.label.clone(), str::to_string),
            Style::Figures(units) => value_text(part.unit, inner.value(), units),
        },
        Step::Sum(all) if all.is_empty() => number_text(0.0),
        Step::Sum(all) => join(all, " + ", SUM),
        Step::Product(all) => join(&literals_first(all), " · ", PRODUCT),
        Step::Difference(a, b) => {
            let text = format!("{} − {}", write(a, style, SUM - 1), write(b, style, SUM + 1));
            if outer >= SUM { format!("({text})") } else { text }
        }
        Step::Quotient(a, b) => format!("{} / {}", write(a, style, PRODUCT), write(b, style, PRODUCT + 1)),
        Step::Max(all) => call("max", all),
        Step::Min(all) => call("min", all),
        Step::RoundUp(inner, step) => format!("⌈{}⌉ to {}", write(inner, style, 0), number_text(*step)),
        Step::Floor(inner) => format!("⌊{}⌋", write(inner, style, 0)),
        Step::Ceil(inner) => format!("⌈{}⌉", write(inner, style, 0)),
    }
}

/// Bare numbers in front, as formulas are written.
fn literals_first(factors: &[Traced]) -> Vec<Traced> {
    let (mut first, rest): (Vec<Traced>, Vec<Traced>) =
        factors.iter().cloned().partition(|one| matches!(one.step(), Step::Literal));
    first.extend(rest);
    first
}
