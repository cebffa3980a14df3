//! Changes that make a deployment fit, or possible, with their results.

use crate::protocol::{Repair, Request};
use crate::web::browser::worker::Channel;
use crate::web::state::{AppState, change_settings};
use leptos::prelude::*;

/// Buttons below the verdict. Empty if the deployment fits, or until the worker has answered.
#[component]
pub(super) fn Repairs() -> impl IntoView {
    let app = AppState::from_context();
    let repairs = RwSignal::new(Vec::<Repair>::new());
    let channel = Channel::new(move |answer| repairs.set(Repair::of_answer(answer.unwrap_or_default())));
    let needs_repair = Memo::new(move |_| {
        app.problems.with(|problems| problems.iter().any(|problem| !problem.is_unreadable))
            || app.problems.with(Vec::is_empty) && app.with_valid(|valid| !valid.report.verdict.fits())
    });
    Effect::new(move || {
        app.settled.track();
        if needs_repair.get() {
            channel.ask(&Request::Repairs { deployment: app.deployment.get_untracked() });
        } else {
            channel.withdraw();
            repairs.update(Vec::clear);
        }
    });
    let button = move |repair: Repair| {
        view! {
            <button
                class="button"
                type="button"
                data-take=repair.settings.clone()
                on:click=move |_| change_settings(app, &repair.settings)
            >
                {repair.label}
                " "
                <span class="gain">{repair.outcome}</span>
            </button>
        }
    };
    view! {
        <div
            id="repairs"
            class="fixes"
            role="group"
            aria-label="Repairs"
            hidden=Signal::derive(move || repairs.with(Vec::is_empty))
        >
            <span class="lbl">"Repair:"</span>
            {move || repairs.get().into_iter().map(button).collect_view()}
        </div>
    }
}
