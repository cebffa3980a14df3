//! A choice of a few names, side by side.

use leptos::prelude::*;

/// A group of radio buttons that look like segments of one control. `choices` are pairs of a value
/// and a label.
#[component]
pub(super) fn Segmented(
    /// The name of the group, which is also its id.
    name: &'static str,
    /// The accessible name.
    label: &'static str,
    choices: Vec<(&'static str, &'static str)>,
    #[prop(into)] value: Signal<String>,
    on_choose: Callback<&'static str>,
) -> impl IntoView {
    let segment = move |(key, text): (&'static str, &'static str)| {
        view! {
            <label>
                <input
                    type="radio"
                    name=name
                    value=key
                    prop:checked=Signal::derive(move || value.with(|value| value == key))
                    on:change=move |_| on_choose.run(key)
                />
                {text}
            </label>
        }
    };
    view! {
        <div id=name class="seg" role="radiogroup" aria-label=label>
            {choices.into_iter().map(segment).collect_view()}
        </div>
    }
}
