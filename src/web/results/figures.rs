//! The table of figures, which is also the chart's legend.

use crate::chart::Segment;
use crate::memory::Rank;
use crate::units::{Bytes, grouped_decimal};
use crate::web::browser;
use crate::web::state::AppState;
use crate::web::theme::Appearance;
use crate::web::view::{Pointed, Tab};
use leptos::prelude::*;

/// A size as the table has it: in GiB, to two decimals.
pub fn gib(bytes: Bytes) -> String {
    format!("{} GiB", grouped_decimal(bytes.gib(), 2))
}

/// A share of the GPU's memory.
pub fn share(bytes: Bytes, total: Bytes) -> String {
    let share = bytes.share_of(total) * 100.0;
    if bytes.0 > 0 && share < 0.5 { "< 1 %".to_string() } else { format!("{share:.0} %") }
}

/// "GPU 3", or "GPU 0–3".
fn run_name(run: &[Rank]) -> String {
    match run {
        [] => String::new(),
        [one] => format!("GPU {}", one.rank),
        [first, .., last] => format!("GPU {}–{}", first.rank, last.rank),
    }
}

/// The figures of the ranks that are looked at.
#[component]
pub fn Figures() -> impl IntoView {
    let state = expect_context::<AppState>();
    let total = shown(state, |rank| rank.total);
    let used = shown(state, Rank::used);
    view! {
        <section class="figures" aria-label="Figures">
            <table>
                <thead>
                    <tr>
                        <th scope="col"><Runs/></th>
                        <th scope="col" class="number">"size"</th>
                        <th scope="col" class="number">"share"</th>
                        <th scope="col"><span class="visually-hidden">"explanation"</span></th>
                    </tr>
                </thead>
                <tbody>
                    {Segment::ALL.into_iter().map(|segment| view! { <Line segment total/> }).collect_view()}
                </tbody>
                <tfoot>
                    <tr class="capacity-line"><th scope="row">"Capacity"</th><Size bytes=total/><td></td><td></td></tr>
                    <tr class="smi-line"><th scope="row">"nvidia-smi will show"</th><Size bytes=used/><td></td><td></td></tr>
                </tfoot>
            </table>
        </section>
    }
}

/// Something of the rank that is looked at.
fn shown(state: AppState, read: impl Fn(&Rank) -> Bytes + Send + Sync + 'static) -> Memo<Bytes> {
    Memo::new(move |_| {
        let run = state.view.run.get();
        let sound = state.last_sound();
        sound.as_deref().and_then(|sound| sound.run(run).first().map(&read)).unwrap_or_default()
    })
}

#[component]
fn Size(bytes: Memo<Bytes>) -> impl IntoView {
    let number = move || grouped_decimal(bytes.get().gib(), 2);
    view! { <td class="number">{number}<span class="unit">" GiB"</span></td> }
}

/// One segment: its colour, its size, its share, and the way to its explanation.
#[component]
fn Line(segment: Segment, total: Memo<Bytes>) -> impl IntoView {
    let state = expect_context::<AppState>();
    let bytes = shown(state, move |rank| segment.bytes(rank));
    let pointed = Memo::new(move |_| state.view.pointed.get().is_some_and(|pointed| pointed.segment == segment));
    let why = match segment {
        Segment::Contributor(contributor) => {
            let explained = Memo::new(move |_| state.view.explained.get() == contributor);
            let ask = move |_| {
                state.view.explained.set(contributor);
                state.view.tab.set(Tab::Why);
                if let Some(panel) = browser::by_id("explanation") {
                    browser::reveal(&panel);
                }
            };
            let name = format!("why? {}", contributor.label());
            Some(view! {
                <button type="button" class="link" data-why=contributor.key() aria-label=name on:click=ask
                    aria-pressed=move || if explained.get() { "true" } else { "false" }>"why?"</button>
            })
        }
        Segment::Free => None,
    };
    view! {
        <tr
            data-contributor=segment.key()
            data-bytes=move || bytes.get().0
            class:pointed=pointed
            on:pointerenter=move |_| state.view.pointed.set(Some(Pointed { segment, bar: None }))
            on:pointerleave=move |_| state.view.pointed.set(None)
        >
            <th scope="row"><Swatch segment/>{segment.label()}</th>
            <Size bytes/>
            <td class="number share">{move || share(bytes.get(), total.get())}</td>
            <td class="why">{why}</td>
        </tr>
    }
}

/// The colour that a segment has in the chart.
#[component]
pub fn Swatch(segment: Segment) -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    let colour = move || appearance.colours().segment(segment).to_string();
    view! { <span class="swatch" style:background-color=colour></span> }
}

/// Whose figures these are, and where ranks differ the choice among them.
#[component]
fn Runs() -> impl IntoView {
    let state = expect_context::<AppState>();
    let names = state.sound(|sound| sound.runs().into_iter().map(run_name).collect::<Vec<_>>());
    let all = state.sound(|sound| sound.report.ranks.len());
    let shown = Memo::new(move |_| state.view.run.get().min(names.with(Vec::len).saturating_sub(1)));
    let choose = move |event| {
        if let Ok(run) = event_target_value(&event).parse() {
            state.view.run.set(run);
        }
    };
    move || match (names.with(Vec::len), all.get()) {
        (0 | 1, 0 | 1) => "GPU 0".into_any(),
        (0 | 1, all) => format!("per GPU ({all} alike)").into_any(),
        _ => {
            let options = names.get().into_iter().enumerate().map(|(run, name)| {
                view! { <option value=run prop:selected=move || shown.get() == run>{name}</option> }
            });
            view! {
                <select class="control runs" aria-label="GPUs whose figures are shown" on:change=choose>
                    {options.collect_view()}
                </select>
            }
            .into_any()
        }
    }
}
