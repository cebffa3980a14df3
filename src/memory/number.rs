//! Numbers that formulas are written in: plain, or traced for explanations.
//!
//! Each memory law is written once, as a function over the trait [`Number`].
//!
//! Evaluated with `f64`, it is plain arithmetic, fast enough for a hundred thousand deployments.
//! Evaluated with [`Traced`], the same code yields a tree with the values, the formula in symbols
//! and in figures, and the origin of each input.
//!
//! `f64` is exact for whole numbers up to 2^53, that is 8 PiB. Beyond that it loses precision
//! instead of overflowing.

use super::law::{Part, Symbol};
use std::ops::{Add, Div, Mul, Sub};
use std::rc::Rc;

/// The number type of formulas. An implementation may record how each value was computed.
pub trait Number:
    Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// A literal number in the formula.
    fn literal(value: f64) -> Self;
    /// An input with a name and an origin.
    fn symbol(symbol: &'static Symbol, value: f64) -> Self;
    /// The value.
    fn value(&self) -> f64;
    /// The largest of `numbers`; zero if there are none.
    fn max_of(numbers: impl IntoIterator<Item = Self>) -> Self;
    /// The smaller of two numbers.
    fn min(self, other: Self) -> Self;
    /// The smallest multiple of `step` that is not less than the number.
    fn round_up(self, step: f64) -> Self;
    /// The largest integer that is not greater than the number.
    fn floor(self) -> Self;
    /// The smallest integer that is not less than the number.
    fn ceil(self) -> Self;
    /// The sum of `numbers`; zero if there are none.
    fn sum_of(numbers: impl IntoIterator<Item = Self>) -> Self;
    /// The number as a named part. Plain arithmetic doesn't evaluate `part`.
    fn part(self, part: impl FnOnce() -> Part) -> Self;
    /// The number with a remark about its meaning, for readers of the formula.
    fn remark(self, meaning: &'static str) -> Self;

    /// The larger of two numbers.
    fn max(self, other: Self) -> Self {
        Self::max_of([self, other])
    }
}

impl Number for f64 {
    fn literal(value: f64) -> f64 {
        value
    }
    fn symbol(_: &'static Symbol, value: f64) -> f64 {
        value
    }
    fn value(&self) -> f64 {
        *self
    }
    fn max_of(numbers: impl IntoIterator<Item = f64>) -> f64 {
        numbers.into_iter().fold(0.0, f64::max)
    }
    fn max(self, other: f64) -> f64 {
        f64::max(self, other)
    }
    fn min(self, other: f64) -> f64 {
        f64::min(self, other)
    }
    fn round_up(self, step: f64) -> f64 {
        (self / step).ceil() * step
    }
    fn floor(self) -> f64 {
        f64::floor(self)
    }
    fn ceil(self) -> f64 {
        f64::ceil(self)
    }
    fn sum_of(numbers: impl IntoIterator<Item = f64>) -> f64 {
        numbers.into_iter().sum()
    }
    fn part(self, _: impl FnOnce() -> Part) -> f64 {
        self
    }
    fn remark(self, _: &'static str) -> f64 {
        self
    }
}

/// A number that records the arithmetic that produced it.
#[derive(Debug, Clone)]
pub struct Traced(Rc<Node>);

/// One step of a traced formula.
#[derive(Debug)]
pub(super) struct Node {
    /// The value at this step.
    pub value: f64,
    /// The step.
    pub step: Step,
}

/// The operation that produced a traced number.
#[derive(Debug)]
pub enum Step {
    /// A literal number.
    Literal,
    /// A named input.
    Symbol(&'static Symbol),
    /// A sum of terms.
    Sum(Vec<Traced>),
    /// A product of factors.
    Product(Vec<Traced>),
    /// The first minus the second.
    Difference(Traced, Traced),
    /// The first divided by the second.
    Quotient(Traced, Traced),
    /// The largest.
    Max(Vec<Traced>),
    /// The smallest.
    Min(Vec<Traced>),
    /// Rounding up to a multiple of a step.
    RoundUp(Traced, f64),
    /// Rounding down to an integer.
    Floor(Traced),
    /// Rounding up to an integer.
    Ceil(Traced),
    /// A named part.
    Part(Part, Traced),
    /// A term with a remark.
    Remark(&'static str, Traced),
}

impl Traced {
    fn new(value: f64, step: Step) -> Traced {
        Traced(Rc::new(Node { value, step }))
    }

    /// The step that produced this number.
    pub fn step(&self) -> &Step {
        &self.0.step
    }
}

impl Number for Traced {
    fn literal(value: f64) -> Traced {
        Traced::new(value, Step::Literal)
    }
    fn symbol(symbol: &'static Symbol, value: f64) -> Traced {
        Traced::new(value, Step::Symbol(symbol))
    }
    fn value(&self) -> f64 {
        self.0.value
    }
    fn max_of(numbers: impl IntoIterator<Item = Traced>) -> Traced {
        let numbers: Vec<Traced> = numbers.into_iter().collect();
        Traced::new(numbers.iter().map(Number::value).fold(0.0, f64::max), Step::Max(numbers))
    }
    fn min(self, other: Traced) -> Traced {
        Traced::new(self.value().min(other.value()), Step::Min(vec![self, other]))
    }
    fn round_up(self, step: f64) -> Traced {
        Traced::new(Number::round_up(self.value(), step), Step::RoundUp(self, step))
    }
    fn floor(self) -> Traced {
        Traced::new(self.value().floor(), Step::Floor(self))
    }
    fn ceil(self) -> Traced {
        Traced::new(self.value().ceil(), Step::Ceil(self))
    }
    fn sum_of(numbers: impl IntoIterator<Item = Traced>) -> Traced {
        let numbers: Vec<Traced> = numbers.into_iter().collect();
        Traced::new(numbers.iter().map(Number::value).sum(), Step::Sum(numbers))
    }
    fn part(self, part: impl FnOnce() -> Part) -> Traced {
        Traced::new(self.value(), Step::Part(part(), self))
    }
    fn remark(self, meaning: &'static str) -> Traced {
        Traced::new(self.value(), Step::Remark(meaning, self))
    }
}

impl Add for Traced {
    type Output = Traced;
    fn add(self, other: Traced) -> Traced {
        let value = self.value() + other.value();
        let mut inputs = match self.step() {
            Step::Sum(inputs) => inputs.clone(),
            _ => vec![self],
        };
        inputs.push(other);
        Traced::new(value, Step::Sum(inputs))
    }
}

impl Mul for Traced {
    type Output = Traced;
    fn mul(self, other: Traced) -> Traced {
        let value = self.value() * other.value();
        let mut factors = Vec::new();
        for side in [self, other] {
            match side.step() {
                Step::Product(inner) => factors.extend(inner.iter().cloned()),
                _ => factors.push(side),
            }
        }
        Traced::new(value, Step::Product(factors))
    }
}

impl Sub for Traced {
    type Output = Traced;
    fn sub(self, other: Traced) -> Traced {
        Traced::new(self.value() - other.value(), Step::Difference(self, other))
    }
}

impl Div for Traced {
    type Output = Traced;
    fn div(self, other: Traced) -> Traced {
        Traced::new(self.value() / other.value(), Step::Quotient(self, other))
    }
}

impl Add<f64> for Traced {
    type Output = Traced;
    fn add(self, other: f64) -> Traced {
        self + Traced::literal(other)
    }
}

impl Mul<f64> for Traced {
    type Output = Traced;
    fn mul(self, other: f64) -> Traced {
        self * Traced::literal(other)
    }
}

impl Div<f64> for Traced {
    type Output = Traced;
    fn div(self, other: f64) -> Traced {
        self / Traced::literal(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::law::Origin;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const B: Symbol = Symbol { text: "B", meaning: "batch", origin: Origin::Chosen("max_batch_size") };
    static BATCH: Symbol = B;

    fn law<N: Number>(batch: f64) -> N {
        let batch = N::symbol(&BATCH, batch);
        (batch.clone() * 4.0 + batch.round_up(64.0)).part(|| Part::bytes("demo")).max(N::literal(7.0))
    }

    #[test]
    fn both_readings_agree() {
        for batch in [0.0, 1.0, 63.0, 64.0, 65.0, 1e12] {
            assert_eq!(law::<f64>(batch), law::<Traced>(batch).value());
        }
    }
}
