//! What several panels are made of.

use super::Request;
use crate::deployment::InvalidSetting;
use crate::explore::Load;
use maud::{Markup, PreEscaped, html};

/// Tokens of a prompt and of an output, unless told otherwise.
const TYPICAL: (u64, u64) = (1024, 1024);

/// The sequences that a panel's fields ask about; `concurrency` where the field is empty.
pub(super) fn load(request: &Request, concurrency: u64) -> Load {
    Load {
        concurrency: request.number("concurrency").unwrap_or(concurrency).max(1),
        input_len: request.number("input_len").unwrap_or(TYPICAL.0).max(1),
        output_len: request.number("output_len").unwrap_or(TYPICAL.1),
    }
}

/// A field of a panel for a whole number.
pub(super) fn number(request: &Request, name: &str, label: &str, usual: &str) -> Markup {
    let id = format!("{}_{name}", request.panel);
    html! {
        label.ask for=(id) {
            span { (label) }
            input.control id=(id) name=(name) type="text" inputmode="numeric" autocomplete="off"
                placeholder=(usual) value=(request.option(name).unwrap_or_default());
        }
    }
}

/// The lengths of a prompt and of an output.
pub(super) fn lengths(request: &Request) -> Markup {
    html! {
        (number(request, "input_len", "input tokens", &TYPICAL.0.to_string()))
        (number(request, "output_len", "output tokens", &TYPICAL.1.to_string()))
    }
}

/// The headings of a table; those with `true` are above numbers.
pub(super) fn head(names: &[(&str, bool)]) -> Markup {
    html! {
        thead { tr { @for (name, number) in names { th.number[*number] scope="col" { (name) } } } }
    }
}

/// A button that changes settings, which are written as a link writes them.
pub(super) fn take(key: &str, value: &str, label: &str) -> Markup {
    let settings = form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish();
    html! { button.link type="button" data-take=(settings) aria-label={ (label) " " (key) "=" (value) } { (label) } }
}

/// The `tabindex` of a part of what is `data-roving`: Tab reaches the first, the arrow keys the others.
pub(super) fn roving(index: usize) -> &'static str {
    if index == 0 { "0" } else { "-1" }
}

/// A text that is copied and saved as it is; a browser reads a CR that isn't escaped as a line end.
pub(super) fn verbatim(text: &str) -> Markup {
    PreEscaped(html! { (text) }.into_string().replace('\r', "&#13;"))
}

/// Why something can't be answered.
pub(super) fn problem(problem: &InvalidSetting) -> Markup {
    html! { p.problem { (problem.field) "=" (problem.value) ": " (problem.message) "." } }
}
