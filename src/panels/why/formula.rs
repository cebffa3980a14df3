//! Formulas as mathematics. A long formula wraps between its terms, so each term is an element.

use crate::memory::{Expression, Notation};
use crate::units::grouped;
use maud::{Markup, html};

/// Characters of the longest term that is set as mathematics: in a narrow panel, and in others.
/// A longer one is text, which wraps anywhere.
const LONGEST: (usize, usize) = (22, 60);

/// A formula that wraps between its terms.
pub(super) fn formula(expression: &Expression, is_narrow: bool) -> Markup {
    let longest = if is_narrow { LONGEST.0 } else { LONGEST.1 };
    let mut pieces = Pieces { longest, all: Vec::new() };
    pieces.split(expression);
    html! {
        div.fx role="math" aria-label=(expression.text(Notation::Symbols)) {
            @for piece in pieces.all { (piece) }
        }
    }
}

/// The pieces between which a formula may wrap.
struct Pieces {
    /// Characters of the longest piece that is set as mathematics.
    longest: usize,
    /// The pieces so far.
    all: Vec<Markup>,
}

impl Pieces {
    /// Adds a formula, split at its operators.
    fn split(&mut self, expression: &Expression) {
        match expression {
            Expression::Sum(terms) if terms.len() > 1 => self.between(terms, "+"),
            Expression::Product(factors) => self.between(factors, "·"),
            Expression::Difference(both) => self.between(&both[..], "−"),
            Expression::Max(terms) if terms.len() > 1 => self.called("max", terms),
            Expression::Min(terms) if terms.len() > 1 => self.called("min", terms),
            _ => self.term(expression),
        }
    }

    fn between(&mut self, all: &[Expression], operator: &str) {
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                self.operator(operator);
            }
            match one {
                Expression::Sum(terms) if terms.len() > 1 && operator != "+" => {
                    self.bracketed(|pieces| pieces.split(one))
                }
                Expression::Difference(_) => self.bracketed(|pieces| pieces.split(one)),
                Expression::Product(_) | Expression::Max(_) | Expression::Min(_) if self.is_long(one) => {
                    self.split(one)
                }
                _ => self.term(one),
            }
        }
    }

    fn called(&mut self, name: &str, terms: &[Expression]) {
        self.operator(name);
        self.bracketed(|pieces| {
            for (index, one) in terms.iter().enumerate() {
                if index > 0 {
                    pieces.operator(",");
                }
                pieces.split(one);
            }
        });
    }

    fn operator(&mut self, operator: &str) {
        self.all.push(html! { span.operator { (operator) } });
    }

    fn bracketed(&mut self, inner: impl FnOnce(&mut Pieces)) {
        self.all.push(html! { span.paren { "(" } });
        inner(self);
        self.all.push(html! { span.paren { ")" } });
    }

    /// Adds a piece: the name of a part as text, anything else as mathematics.
    fn term(&mut self, expression: &Expression) {
        self.all.push(match expression {
            Expression::Part { contributor: Some(contributor), text, .. } => html! {
                button.token type="button" data-why=(contributor.key())
                    aria-label={ (contributor.label()) " " (text) } {
                    span class={ "sw c-" (contributor.key()) } {}
                    (text)
                }
            },
            Expression::Part { label, symbol: None, .. } => html! { span.name { (label) } },
            long if self.is_long(long) => html! { span.name { (long.text(Notation::Symbols)) } },
            Expression::Remark { meaning, inner, .. } => html! {
                span.remark { span.piece { math { (math(inner, 0)) } } small { (meaning) } }
            },
            _ => html! { span.piece { math { (math(expression, 0)) } } },
        });
    }

    fn is_long(&self, expression: &Expression) -> bool {
        width(expression) > self.longest
    }
}

/// Characters of a formula as mathematics, in which a fraction is as wide as its longer side.
fn width(expression: &Expression) -> usize {
    let all = |terms: &[Expression]| terms.iter().map(|term| width(term) + 1).sum();
    match expression {
        Expression::Quotient(both) => width(&both[0]).max(width(&both[1])),
        Expression::Sum(terms) | Expression::Product(terms) => all(terms),
        Expression::Max(terms) | Expression::Min(terms) => 5 + all(terms),
        Expression::Difference(both) => all(&both[..]),
        Expression::Remark { inner, .. } | Expression::Floor(inner) | Expression::Ceil(inner) => width(inner),
        Expression::RoundUp(inner, _) => width(inner) + 3,
        _ => expression.text(Notation::Symbols).chars().count(),
    }
}

const SUM: u8 = 1;
const PRODUCT: u8 = 2;

/// A formula as MathML, in brackets if `outer` binds more tightly.
fn math(expression: &Expression, outer: u8) -> Markup {
    match expression {
        Expression::Literal(value) => html! { mn { (number(*value)) } },
        Expression::Symbol { text, .. } => symbol(text),
        Expression::Part { symbol: Some(text), .. } => symbol(text),
        Expression::Part { label, .. } => html! { mtext { (label) } },
        Expression::Remark { inner, .. } => math(inner, outer),
        Expression::Sum(terms) => bracketed(outer > SUM, joined(terms, "+", SUM)),
        Expression::Product(factors) => bracketed(outer > PRODUCT, joined(factors, "·", PRODUCT)),
        Expression::Difference(both) => bracketed(
            outer >= SUM,
            html! {
                (math(&both[0], 0)) mo { "−" } (math(&both[1], SUM + 1))
            },
        ),
        Expression::Quotient(both) => html! { mfrac { mrow { (math(&both[0], 0)) } mrow { (math(&both[1], 0)) } } },
        Expression::Max(terms) => html! { mi { "max" } (bracketed(true, joined(terms, ",", 0))) },
        Expression::Min(terms) => html! { mi { "min" } (bracketed(true, joined(terms, ",", 0))) },
        Expression::RoundUp(inner, step) => html! {
            msub { (rounded("ceil", inner)) mn { (number(*step)) } }
        },
        Expression::Floor(inner) => rounded("floor", inner),
        Expression::Ceil(inner) => rounded("ceil", inner),
    }
}

fn joined(all: &[Expression], operator: &str, level: u8) -> Markup {
    html! {
        @for (index, one) in all.iter().enumerate() {
            @if index > 0 { mo { (operator) } }
            (math(one, level))
        }
    }
}

fn bracketed(brackets: bool, inner: Markup) -> Markup {
    html! {
        mrow {
            @if brackets { mo fence="true" { "(" } }
            (inner)
            @if brackets { mo fence="true" { ")" } }
        }
    }
}

/// A rounded number. The style draws the brackets, because only mathematical fonts can stretch
/// them over a fraction.
fn rounded(class: &str, inner: &Expression) -> Markup {
    html! { mrow class=(class) { (math(inner, 0)) } }
}

/// A symbol: `n_kv` as n with an index, a longer name as text.
fn symbol(text: &str) -> Markup {
    match text.split_once('_') {
        Some((base, index)) if base.chars().count() <= 2 => html! { msub { mi { (base) } mtext { (index) } } },
        _ if text.chars().count() <= 2 => html! { mi { (text) } },
        _ => html! { mtext { (text) } },
    }
}

/// The notation of a symbol beside its value.
pub(super) fn notation(text: &str) -> Markup {
    html! { math { (symbol(text)) } }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { grouped(value as u64) } else { value.to_string() }
}
