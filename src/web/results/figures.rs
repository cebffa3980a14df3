//! The table of figures, which is also the chart's legend.

use crate::chart::Segment;
use crate::deployment::{FIELDS, Field, Group};
use crate::memory::band::Band;
use crate::memory::{Contributor, Rank};
use crate::units::{Bytes, giga, grouped_decimal};
use crate::web::browser;
use crate::web::dom::{El, el, svg, value};
use crate::web::live::Derived;
use crate::web::state::{AppState, Sound};
use crate::web::theme::Appearance;
use crate::web::view::{Pointed, Tab};

/// A size as the table has it: in GiB or GB, to two decimals.
pub fn large(bytes: Bytes) -> String {
    format!("{} {}", grouped_decimal(bytes.giga(), 2), giga())
}

/// A share of the GPU's memory.
pub fn share(bytes: Bytes, total: Bytes) -> String {
    let share = bytes.share_of(total) * 100.0;
    if bytes.0 > 0 && share < 0.5 { "< 1 %".to_string() } else { format!("{} %", grouped_decimal(share, 0)) }
}

/// Bands narrower than this share of their figure are not worth the ink.
const WORTH_SHOWING: f64 = 0.01;

/// How far off a figure may be, on the wider side, as the table has it; empty where that is hardly anything.
fn deviation(bytes: Bytes, band: Band) -> String {
    let widest = Bytes(band.widest() as u64);
    let text = grouped_decimal(widest.giga(), 2);
    let shown = widest.share_of(bytes) > WORTH_SHOWING && text != "0.00";
    if shown { format!("± {text}") } else { String::new() }
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
pub fn figures(state: AppState, appearance: Appearance) -> El {
    let column = |(name, meaning): (&str, &str)| {
        el("th").attr("scope", "col").class("number").attr("aria-label", meaning).text(name)
    };
    let explanation = el("th").attr("scope", "col").child(el("span").class("visually-hidden").text("explanation"));
    let head = el("tr")
        .child(el("th").attr("scope", "col").child(runs(state)))
        .children([(giga(), "size"), ("±", &format!("off by at most, in {}", giga())), ("share", "share")].map(column))
        .child(explanation);
    let lines = Segment::ALL.into_iter().map(|segment| line(state, appearance, segment));
    let total = |class: &str, name: El, read: fn(&Rank) -> Bytes| {
        let name = name.attr("scope", "row");
        let size = size(move || shown(state, read));
        el("tr").class(class).child(name).child(size).children(["td", "td", "td"].map(el))
    };
    let fits = move || state.sound(|sound| sound.report.verdict.fits());
    let needed = move || if fits() { "nvidia-smi will show" } else { "Needed in all" }.to_string();
    let foot = [
        total("capacity-line", el("th").text("Capacity"), |rank| rank.total),
        total("smi-line", el("th").live_text(needed), Rank::used),
    ];
    let table =
        el("table").child(el("thead").child(head)).child(el("tbody").children(lines)).child(el("tfoot").children(foot));
    let bound = el("p").id("upper-bound").class("note").live_text(move || state.sound(upper_bound).unwrap_or_default());
    el("section").class("figures").attr("aria-label", "Figures").child(table).child(calibration(state)).child(bound)
}

/// Whether a log that a person gave scales a segment's size.
fn is_calibrated(state: AppState, segment: Segment) -> bool {
    let Segment::Contributor(contributor) = segment else {
        return false;
    };
    let run = state.view.run.get();
    state.sound(|sound| sound.run(run).first().is_some_and(|rank| rank.figure(contributor).is_calibrated()))
}

fn calibrations() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.group == Group::Calibration)
}

/// Says that a log scales figures, and takes that away.
fn calibration(state: AppState) -> El {
    let is_there = move || state.deployment.with(|deployment| calibrations().any(|field| field.counts(deployment)));
    let remove = el("button").class("link").attr("type", "button").text("Remove").on("click", move |_| {
        state.take(&calibrations().map(|field| format!("{}=", field.key)).collect::<Vec<String>>().join("&"));
    });
    el("p")
        .id("calibration")
        .class("note")
        .live_flag("hidden", move || !is_there())
        .text("Figures marked “from your log” are the laws, scaled by what your log measured. ")
        .child(remove)
}

/// What TensorRT-LLM itself says after a build; nothing where none is built.
fn upper_bound(sound: &Sound) -> Option<String> {
    let bound = sound.report.upper_bound.as_ref()?;
    let warns = if bound.exceeds_gpu { ", and it warns that the GPU has less" } else { "" };
    Some(format!("trtllm-build's own estimate, with every sequence at its longest: {}{warns}.", large(bound.total())))
}

/// Something of the rank that is looked at.
fn shown(state: AppState, read: impl Fn(&Rank) -> Bytes) -> Bytes {
    let run = state.view.run.get();
    state.sound(|sound| sound.run(run).first().map(&read).unwrap_or_default())
}

fn size(bytes: impl Fn() -> Bytes + 'static) -> El {
    let number = el("span").live_text(move || grouped_decimal(bytes().giga(), 2));
    // The column's heading has the unit; whoever hears one cell, or copies it, needs it too.
    el("td").class("number").child(number).child(el("span").class("unit").text(&format!(" {}", giga())))
}

/// One segment: its colour, its size, its share, and the way to its explanation.
fn line(state: AppState, appearance: Appearance, segment: Segment) -> El {
    let bytes = move || shown(state, |rank| segment.bytes(rank));
    let pointed = state.view.pointed;
    let part = move || share(bytes(), shown(state, |rank| rank.total));
    let label = el("span").live_text(move || state.sound(|sound| segment.label_in(&sound.report)).to_string());
    let own =
        el("span").class("mark own").text("from your log").live_flag("hidden", move || !is_calibrated(state, segment));
    let name = el("th").attr("scope", "row").child(swatch(appearance, segment)).child(label).child(own);
    let off = move || {
        state.sound(|sound| {
            sound.run(state.view.run.get()).first().map(|rank| deviation(segment.bytes(rank), segment.band(rank)))
        })
    };
    let why = match segment {
        Segment::Contributor(contributor) => Some(why(state, contributor)),
        Segment::Free => None,
    };
    el("tr")
        .attr("data-contributor", segment.key())
        .live_attr("data-bytes", move || Some(bytes().0.to_string()))
        .live_class("pointed", move || pointed.get().is_some_and(|pointed| pointed.segment == segment))
        .on("pointerenter", move |_| pointed.set(Some(Pointed { segment, bar: None })))
        .on("pointerleave", move |_| pointed.set(None))
        .child(name)
        .child(size(bytes))
        .child(el("td").class("number off").live_text(move || off().unwrap_or_default()))
        .child(el("td").class("number share").live_text(part))
        .child(el("td").class("why").children(why))
}

fn why(state: AppState, contributor: Contributor) -> El {
    el("button")
        .class("link")
        .attr("type", "button")
        .attr("data-why", contributor.key())
        .attr("aria-label", &format!("why? {}", contributor.label()))
        .text("why?")
        .live_bool("aria-pressed", move || state.view.explained.get() == contributor)
        .on("click", move |_| {
            state.view.explained.set(contributor);
            state.view.tab.set(Tab::Why);
            if let Some(panel) = browser::by_id(Tab::Why.id()) {
                browser::reveal(&panel);
            }
        })
}

/// The colour that a segment has in the chart.
pub fn swatch(appearance: Appearance, segment: Segment) -> El {
    let colour = move || appearance.colours().segment(segment).to_string();
    let square = svg("rect").attr("width", "100%").attr("height", "100%").live_attr("fill", move || Some(colour()));
    svg("svg").class("swatch").attr("aria-hidden", "true").child(square)
}

/// Whose figures these are, and where ranks differ the choice among them.
fn runs(state: AppState) -> El {
    // Most changes leave the names as they are, and the choice among them with its focus.
    let names = Derived::new(move |_: &Vec<String>| {
        state.sound(|sound| match (&sound.runs()[..], sound.report.ranks.len()) {
            ([_], all) if all > 1 => vec![format!("per GPU ({all} alike)")],
            (runs, _) => runs.iter().map(|run| run_name(run)).collect(),
        })
    });
    el("span").live_children(move || {
        let names = names.with(Vec::clone);
        if names.len() < 2 {
            return names.iter().map(|name| el("span").text(name)).collect();
        }
        let options =
            names.iter().enumerate().map(|(run, name)| el("option").attr("value", &run.to_string()).text(name));
        let select = el("select")
            .class("control runs")
            .attr("aria-label", "GPUs whose figures are shown")
            .children(options)
            .live_value(move || state.sound(|sound| sound.run_shown(state.view.run.get())).to_string())
            .on("change", move |event| {
                if let Ok(run) = value(&event).parse() {
                    state.view.run.set(Some(run));
                }
            });
        vec![select]
    })
}
