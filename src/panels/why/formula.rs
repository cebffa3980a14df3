//! Formulas as mathematics. A long formula wraps between its terms, so each term is an element.

use crate::memory::{Expression, Notation};
use crate::units::grouped;
use maud::{Markup, html};

/// A formula that wraps between its terms.
pub(super) fn formula(expression: &Expression) -> Markup {
    let mut pieces = Vec::new();
    split(expression, &mut pieces);
    html! {
        div.fx role="math" aria-label=(expression.text(Notation::Symbols)) {
            @for piece in pieces { (piece) }
        }
    }
}

/// Adds the pieces between which a formula may wrap.
fn split(expression: &Expression, pieces: &mut Vec<Markup>) {
    match expression {
        Expression::Sum(terms) if terms.len() > 1 => between(terms, "+", pieces, split),
        Expression::Product(factors) => between(factors, "·", pieces, |factor, pieces| match factor {
            Expression::Sum(terms) if terms.len() > 1 => {
                pieces.push(html! { span.paren { "(" } });
                split(factor, pieces);
                pieces.push(html! { span.paren { ")" } });
            }
            _ => pieces.push(term(factor)),
        }),
        Expression::Max(terms) if terms.len() > 1 => called("max", terms, pieces),
        Expression::Min(terms) if terms.len() > 1 => called("min", terms, pieces),
        _ => pieces.push(term(expression)),
    }
}

fn between(all: &[Expression], operator: &str, pieces: &mut Vec<Markup>, add: impl Fn(&Expression, &mut Vec<Markup>)) {
    for (index, one) in all.iter().enumerate() {
        if index > 0 {
            pieces.push(html! { span.operator { (operator) } });
        }
        add(one, pieces);
    }
}

fn called(name: &str, terms: &[Expression], pieces: &mut Vec<Markup>) {
    pieces.push(html! { span.operator { (name) } });
    pieces.push(html! { span.paren { "(" } });
    between(terms, ",", pieces, |one, pieces| match one {
        Expression::Sum(_) => split(one, pieces),
        _ => pieces.push(term(one)),
    });
    pieces.push(html! { span.paren { ")" } });
}

/// A piece of a formula: the name of a part as text, anything else as mathematics.
fn term(expression: &Expression) -> Markup {
    match expression {
        Expression::Part { contributor: Some(contributor), text, .. } => html! {
            button.token type="button" data-why=(contributor.key()) aria-label={ (contributor.label()) " " (text) } {
                span class={ "sw c-" (contributor.key()) } {}
                (text)
            }
        },
        Expression::Part { label, symbol: None, .. } => html! { span.name { (label) } },
        Expression::Remark { meaning, inner, .. } => html! {
            span.remark { span.piece { math { (math(inner, 0)) } } small { (meaning) } }
        },
        _ => html! { span.piece { math { (math(expression, 0)) } } },
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
