//! Elements that several panels share.

use crate::chart::Theme;
use crate::deployment::{InvalidSetting, setting};
use crate::explore::Load;
use crate::protocol::PanelRequest;
use maud::{Markup, PreEscaped, html};

/// The default tokens of a prompt and of an output.
const TYPICAL: (u64, u64) = (1024, 1024);

/// The load of the panel's fields; `concurrency` is its default number of sequences.
pub(super) fn load(request: &PanelRequest, concurrency: u64) -> Load {
    Load {
        concurrency: request.number("concurrency").unwrap_or(concurrency).max(1),
        input_len: request.number("input_len").unwrap_or(TYPICAL.0).max(1),
        output_len: request.number("output_len").unwrap_or(TYPICAL.1),
    }
}

/// The colors of the page.
pub(super) fn theme(request: &PanelRequest) -> &'static Theme {
    if request.view.is_dark { &Theme::DARK } else { &Theme::LIGHT }
}

/// A field for a whole number.
pub(super) fn number(request: &PanelRequest, name: &str, label: &str, usual: &str) -> Markup {
    let id = format!("{}_{name}", request.panel.name());
    html! {
        label.ask for=(id) {
            span { (label) }
            input.control id=(id) name=(name) type="text" inputmode="numeric" autocomplete="off"
                placeholder=(usual) value=(request.option(name).unwrap_or_default());
        }
    }
}

/// The fields for the lengths of a prompt and of an output.
pub(super) fn lengths(request: &PanelRequest) -> Markup {
    html! {
        (number(request, "input_len", "input tokens", &TYPICAL.0.to_string()))
        (number(request, "output_len", "output tokens", &TYPICAL.1.to_string()))
    }
}

/// A choice between a few options, as buttons that request the panel again.
pub(super) fn switch<const N: usize>(name: &str, label: &str, options: [(&str, &str); N], chosen: &str) -> Markup {
    html! {
        div.choice role="group" aria-label=(label) {
            @for (value, text) in options {
                button type="button" aria-pressed=(value == chosen) data-ask={ (name) "=" (value) } { (text) }
            }
        }
    }
}

/// The plain name of a setting.
pub(super) fn setting_name(key: &'static str) -> &'static str {
    setting(key).map_or(key, |setting| setting.name)
}

/// The plain name of a setting, as a button that moves the focus to its field.
pub(super) fn named_field(key: &'static str) -> Markup {
    html! { button.link type="button" data-field=(key) { (setting_name(key)) } }
}

/// The headings of a table. `true` marks columns of numbers.
pub(super) fn head(names: &[(&str, bool)]) -> Markup {
    html! {
        thead { tr { @for (name, number) in names { th.number[*number] scope="col" { (name) } } } }
    }
}

/// A button that applies a value. Its accessible name has the value as `shown`: it must contain the
/// visible label.
pub(super) fn take(key: &str, value: &str, shown: &str, label: &str) -> Markup {
    let settings = form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish();
    html! { button.link type="button" data-take=(settings) aria-label={ "apply " (key) "=" (shown) } { (label) } }
}

/// The `tabindex` of a part of a `data-roving` element: Tab reaches the first part, the arrow keys
/// the others.
pub(super) fn roving(index: usize) -> &'static str {
    if index == 0 { "0" } else { "-1" }
}

/// A text that is copied and saved verbatim. Browsers read an unescaped CR as a line end.
pub(super) fn verbatim(text: &str) -> Markup {
    PreEscaped(html! { (text) }.into_string().replace('\r', "&#13;"))
}

/// An invalid setting as a message.
pub(super) fn problem(problem: &InvalidSetting) -> Markup {
    html! { p.problem { (problem.field) "=" (problem.value) ": " (problem.message) "." } }
}
