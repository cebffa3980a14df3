//! Formulas as trees, for readers: built from a traced number, written as text.

use super::contributor::Contributor;
use super::law::Unit;
use super::number::{Number, Step, Traced};
use crate::units::{Bytes, Units, grouped, grouped_decimal};

/// A formula, with the value of everything that has a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A literal number.
    Literal(f64),
    /// An input.
    Symbol {
        /// The notation.
        text: &'static str,
        /// The value.
        value: f64,
    },
    /// A named part, which has a formula of its own.
    Part {
        /// The name.
        label: String,
        /// The notation in enclosing formulas, if it has one.
        symbol: Option<&'static str>,
        /// The contributor whose size it is, if it is one.
        contributor: Option<Contributor>,
        /// The value.
        value: f64,
        /// The value formatted for users.
        text: String,
    },
    /// A term with a remark about its meaning.
    Remark {
        /// The meaning.
        meaning: &'static str,
        /// The value.
        value: f64,
        /// The term.
        inner: Box<Expression>,
    },
    /// A sum.
    Sum(Vec<Expression>),
    /// A product, literal numbers first.
    Product(Vec<Expression>),
    /// The first minus the second.
    Difference(Box<[Expression; 2]>),
    /// The first divided by the second.
    Quotient(Box<[Expression; 2]>),
    /// The largest.
    Max(Vec<Expression>),
    /// The smallest.
    Min(Vec<Expression>),
    /// Rounding up to a multiple.
    RoundUp(Box<Expression>, f64),
    /// Rounding down to an integer.
    Floor(Box<Expression>),
    /// Rounding up to an integer.
    Ceil(Box<Expression>),
}

/// The form in which a formula is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Notation {
    /// Names and symbols.
    Symbols,
    /// The figures that they stand for.
    Figures,
    /// The figures, with terms that have a remark computed.
    Terms,
}

const SUM: u8 = 1;
const PRODUCT: u8 = 2;

impl Expression {
    /// The formula of `number`, with sizes in `units`.
    pub(super) fn of(number: &Traced, units: Units) -> Expression {
        let one = |number: &Traced| Box::new(Expression::of(number, units));
        let two = |a: &Traced, b: &Traced| Box::new([Expression::of(a, units), Expression::of(b, units)]);
        let all = |numbers: &[Traced]| numbers.iter().map(|number| Expression::of(number, units)).collect();
        let value = number.value();
        match number.step() {
            Step::Literal => Expression::Literal(value),
            Step::Symbol(symbol) => Expression::Symbol { text: symbol.text, value },
            Step::Part(part, inner) => Expression::Part {
                label: part.label.clone(),
                symbol: part.symbol,
                contributor: part.contributor,
                value: inner.value(),
                text: value_text(part.unit, inner.value(), units),
            },
            Step::Remark(meaning, inner) => Expression::Remark { meaning, value, inner: one(inner) },
            Step::Sum(terms) => Expression::Sum(all(terms)),
            Step::Product(factors) => Expression::Product(literals_first(all(factors))),
            Step::Difference(a, b) => Expression::Difference(two(a, b)),
            Step::Quotient(a, b) => Expression::Quotient(two(a, b)),
            Step::Max(terms) => Expression::Max(all(terms)),
            Step::Min(terms) => Expression::Min(all(terms)),
            Step::RoundUp(inner, step) => Expression::RoundUp(one(inner), *step),
            Step::Floor(inner) => Expression::Floor(one(inner)),
            Step::Ceil(inner) => Expression::Ceil(one(inner)),
        }
    }

    /// The formula as text.
    pub fn text(&self, notation: Notation) -> String {
        self.write(notation, 0)
    }

    /// Formats the formula, in brackets if `outer` binds more tightly.
    fn write(&self, notation: Notation, outer: u8) -> String {
        let join = |all: &[Expression], by: &str, level: u8| {
            let text: Vec<String> = all.iter().map(|one| one.write(notation, level)).collect();
            let text = text.join(by);
            if outer > level || (outer == level && by == " + ") { format!("({text})") } else { text }
        };
        let call = |name: &str, all: &[Expression]| {
            let text: Vec<String> = all.iter().map(|one| one.write(notation, 0)).collect();
            format!("{name}({})", text.join(", "))
        };
        match self {
            Expression::Literal(value) => number_text(*value),
            Expression::Symbol { text, .. } if notation == Notation::Symbols => text.to_string(),
            Expression::Symbol { value, .. } => number_text(*value),
            Expression::Part { label, symbol, .. } if notation == Notation::Symbols => {
                symbol.map_or_else(|| label.clone(), str::to_string)
            }
            Expression::Part { text, .. } => text.clone(),
            Expression::Remark { value, .. } if notation == Notation::Terms => number_text(*value),
            Expression::Remark { inner, .. } => inner.write(notation, outer),
            Expression::Sum(all) if all.is_empty() => number_text(0.0),
            Expression::Sum(all) => join(all, " + ", SUM),
            Expression::Product(all) => join(all, " · ", PRODUCT),
            Expression::Difference(both) => {
                let [a, b] = &**both;
                let text = format!("{} − {}", a.write(notation, SUM - 1), b.write(notation, SUM + 1));
                if outer >= SUM { format!("({text})") } else { text }
            }
            Expression::Quotient(both) => {
                let [a, b] = &**both;
                format!("{} / {}", a.write(notation, PRODUCT), b.write(notation, PRODUCT + 1))
            }
            Expression::Max(all) => call("max", all),
            Expression::Min(all) => call("min", all),
            Expression::RoundUp(inner, step) => format!("⌈{}⌉ to {}", inner.write(notation, 0), number_text(*step)),
            Expression::Floor(inner) => format!("⌊{}⌋", inner.write(notation, 0)),
            Expression::Ceil(inner) => format!("⌈{}⌉", inner.write(notation, 0)),
        }
    }
}

/// Moves literal numbers to the front, the usual order in formulas.
fn literals_first(factors: Vec<Expression>) -> Vec<Expression> {
    let (mut first, rest): (Vec<Expression>, Vec<Expression>) =
        factors.into_iter().partition(|one| matches!(one, Expression::Literal(_)));
    first.extend(rest);
    first
}

/// Formats the value of a part.
pub(super) fn value_text(unit: Unit, value: f64, units: Units) -> String {
    match unit {
        Unit::Bytes => Bytes(value.round() as u64).display(units).to_string(),
        Unit::Count => number_text(value),
    }
}

/// Formats a number without unneeded decimals.
pub(super) fn number_text(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value as u64)
    } else {
        let places = if value < 10.0 { 4 } else { 2 };
        grouped_decimal(value, places).trim_end_matches('0').to_string()
    }
}
