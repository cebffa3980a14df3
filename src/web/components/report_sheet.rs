//! The text that reports a wrong figure.

use crate::chart::Segment;
use crate::web::browser::clipboard::copy;
use crate::web::state::{AppState, page_address};
use leptos::prelude::*;

/// The id of the sheet.
const SHEET: &str = "report_sheet";

/// The button in the footer, and the sheet with a text to send. The page itself sends nothing.
#[component]
pub(super) fn ReportSheet() -> impl IntoView {
    let app = AppState::from_context();
    let (text, copied) = (RwSignal::new(String::new()), RwSignal::new(false));
    let open = move |_| {
        copied.set(false);
        text.set(report(app));
    };
    let copy_text = move |_| copy(&text.get_untracked(), move |is_done| copied.set(is_done));
    view! {
        <button id="report" class="link" type="button" popovertarget=SHEET on:click=open>
            "Report a wrong figure"
        </button>
        <section id=SHEET class="sheet" popover="" aria-label="Report a wrong figure">
            <p>
                "Send this text with the memory lines of your log (those with "
                <code>"MemUsageChange"</code>
                ", "
                <code>"KV cache"</code>
                " or "
                <code>"profiling"</code>
                ") to the people who host this page. Nothing is sent from here."
            </p>
            <textarea
                class="control"
                rows="9"
                readonly
                spellcheck="false"
                aria-label="Report"
                prop:value=Signal::derive(move || text.get())
            ></textarea>
            <button class="button" type="button" on:click=copy_text>
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
            <button class="button" type="button" popovertarget=SHEET>"Close"</button>
        </section>
    }
}

fn report(app: AppState) -> String {
    let units = app.view.units.get_untracked();
    let estimate = untrack(|| {
        app.with_valid(|valid| {
            let figures = valid.report.ranks.first().map(|rank| {
                let line = |segment: Segment| {
                    format!("{}: {}\n", segment.label_in(&valid.report), segment.bytes(rank).display(units))
                };
                Segment::ALL.map(line).concat()
            });
            format!(
                "{} {}\nGPU 0\n{}",
                valid.report.headline(),
                valid.report.sentence(units),
                figures.unwrap_or_default()
            )
        })
    });
    format!(
        "Calculator {}\n{}\n{estimate}\nMeasured, with the figure that differs:\n",
        env!("CARGO_PKG_VERSION"),
        page_address(app)
    )
}
