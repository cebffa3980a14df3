//! The layout of the page.

use super::bars::Bars;
use super::brief::Brief;
use super::figures::Figures;
use super::footer::Footer;
use super::header::Header;
use super::help::HelpPopover;
use super::inputs::Inputs;
use super::last_valid::LastValid;
use super::places::Places;
use super::print_head::PrintHead;
use super::repairs::Repairs;
use super::stage::{Later, Stages};
use super::start_up::StartUp;
use super::tabs::Tabs;
use super::verdict::Verdict;
use super::warnings::Warnings;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The page: header, inputs at the left, and the result with its explanations at the right. The
/// style sheet arranges them in one, two or three columns.
#[component]
pub(super) fn Page() -> impl IntoView {
    let app = AppState::from_context();
    let is_stale = Signal::derive(move || app.problems.with(|problems| !problems.is_empty()));
    Stages::provide(4);
    view! {
        <Header/>
        <main class="page" data-place=Signal::derive(move || app.view.place.get().name())>
            <aside class="inputs" aria-label="Settings">
                <Later stage=2><Inputs/></Later>
            </aside>
            <div class="main">
                <Brief/>
                <section class="result" aria-label="Result">
                    <PrintHead/>
                    <Warnings/>
                    <div class="memory">
                        <Verdict/>
                        <Repairs/>
                        <LastValid/>
                        <div
                            class="shown"
                            role="group"
                            aria-label="Memory"
                            class:stale=is_stale
                            aria-disabled=move || is_stale.get().then_some("true")
                        >
                            <Bars/>
                            <div class="two">
                                <Later stage=1><Figures/><StartUp/></Later>
                            </div>
                        </div>
                    </div>
                </section>
                <section class="questions" aria-label="Questions">
                    <Later stage=3><Tabs/></Later>
                </section>
                <Footer/>
            </div>
        </main>
        <Places/>
        <HelpPopover/>
    }
}
