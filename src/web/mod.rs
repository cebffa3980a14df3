//! The page: components over the library, on Leptos' reactive graph.
//!
//! The deployment is one signal in `state::AppState`; everything else that is shown is a memo of it. The components know
//! no formulas and the library knows no components.

mod address;
mod answers;
mod browser;
mod dom;
mod embed;
mod failure;
mod files;
mod header;
mod history;
mod inputs;
mod live;
mod models;
mod panel;
mod results;
mod share;
mod state;
mod theme;
mod view;

use crate::units::Prefixes;
use dom::el;
use leptos::mount::mount_to;
use leptos::prelude::*;
use state::AppState;
use theme::Appearance;

/// Mounts the page in place of what `index.html` shows while this program loads.
pub fn start() {
    failure::tell_panics();
    let Some(root) = browser::by_id("app") else {
        return;
    };
    // The view is empty, because `dom` makes the elements; the mount is their owner.
    mount_to(root.clone(), move || {
        if let Some(units) = browser::looks("data-units").and_then(|unit| Prefixes::of(&unit)) {
            units.show();
        }
        let state = AppState::new();
        let appearance = Appearance::new();
        models::follow(state);
        address::follow(state);
        history::follow(state);
        let page = if embed::is_compact() { vec![embed::embedded(state, appearance)] } else { page(state, appearance) };
        root.set_inner_html("");
        for part in page {
            let _ = root.append_child(&part.0);
        }
        // The first chart needs the width that the first layout gives it, and the inputs needn't keep it waiting.
        let (root, owner) = (root.clone(), Owner::current());
        browser::after_paint(move || {
            if let Some((owner, place)) = owner.zip(root.query_selector("form:empty").ok().flatten()) {
                let inputs = owner.with(|| inputs::inputs(state));
                let _ = place.replace_with_with_node_1(&inputs.0);
            }
            request_animation_frame(move || {
                let _ = root.set_attribute("data-ready", "true");
                state.view.learn();
            });
        });
    })
    .forget();
}

/// The place of the inputs on one side, the answer on the other.
fn page(state: AppState, appearance: Appearance) -> Vec<dom::El> {
    let columns = el("main").class("columns").child(inputs::form("inputs")).child(results::results(state, appearance));
    vec![header::header(state, appearance), columns]
}
