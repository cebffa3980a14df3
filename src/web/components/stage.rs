//! The page in stages, each in a task of its own, so that the browser stays responsive at start.

use crate::web::browser;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The stages of the page.
#[derive(Clone, Copy)]
pub(super) struct Stages {
    reached: RwSignal<usize>,
}

impl Stages {
    /// Provides the stages, and starts the next one after each paint until `last` is reached. Then
    /// the page is complete.
    pub(super) fn provide(last: usize) {
        let stages = Stages { reached: RwSignal::new(0) };
        provide_context(stages);
        stages.advance(AppState::from_context(), last);
    }

    fn advance(self, app: AppState, last: usize) {
        browser::after_paint(move || {
            if self.reached.get_untracked() == last {
                return complete(app);
            }
            self.reached.update(|reached| *reached += 1);
            self.advance(app, last);
        });
    }
}

/// Marks the page as complete, and requests what is needed only then.
fn complete(app: AppState) {
    if let Some(root) = browser::by_id("app") {
        let _ = root.set_attribute("data-ready", "true");
    }
    app.view.load_help();
}

/// Marks a page without stages as complete.
pub(super) fn complete_at_once() {
    let app = AppState::from_context();
    browser::after_paint(move || complete(app));
}

/// Renders its children from a stage on.
#[component]
pub(super) fn Later(stage: usize, children: ChildrenFn) -> impl IntoView {
    let stages: Stages = expect_context();
    let is_reached = Memo::new(move |_| stages.reached.get() >= stage);
    view! { <Show when=move || is_reached.get()>{children()}</Show> }
}
