//! A picture that the library drew as SVG.

use crate::web::browser;
use leptos::html::Div;
use leptos::prelude::*;

/// Shows an SVG drawing, and reports the width that it has room for.
#[component]
pub(super) fn Picture(
    /// The markup.
    #[prop(into)]
    svg: Signal<String>,
    /// Receives the width in CSS pixels; zero while the picture is hidden.
    width: RwSignal<u32>,
    /// Whether keys and assistive technology reach the same elsewhere.
    #[prop(optional)]
    is_decorative: bool,
) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    // Not every change of the deployment changes the picture.
    let svg = Memo::new(move |_| svg.get());
    browser::observe_width(place, width);
    Effect::new(move || {
        let Some(place) = place.get() else {
            return;
        };
        // A new drawing replaces the focused segment.
        let focused = document().active_element().filter(|element| place.contains(Some(element)));
        let segment = focused.and_then(|element| {
            let attribute = |name: &str| element.get_attribute(name).map(|value| format!("[{name}=\"{value}\"]"));
            Some(attribute("data-bar")? + &attribute("data-segment")?)
        });
        place.set_inner_html(&svg.get());
        if let Some(segment) = segment.and_then(|selector| place.query_selector(&selector).ok().flatten()) {
            browser::focus(&segment);
        }
    });
    view! { <div class="picture" node_ref=place inert=is_decorative></div> }
}
