//! The table of figures, which is also the chart's legend.

use crate::chart::Segment;
use crate::deployment::{Group, SETTINGS, Setting};
use crate::memory::{Band, Contributor, Rank, RankRange};
use crate::units::{Bytes, Units, grouped_decimal};
use crate::web::browser;
use crate::web::dom::{El, Place, el, live_all, svg, value};
use crate::web::live::Derived;
use crate::web::state::{AppState, Sound};
use crate::web::theme::Appearance;
use crate::web::view::{Pointed, Tab};

/// A size as the table has it: in GiB or GB, to two decimals.
pub(crate) fn large(bytes: Bytes, units: Units) -> String {
    format!("{} {}", grouped_decimal(bytes.giga(units), 2), units.giga())
}

/// A share of the GPU's memory.
pub(crate) fn share(bytes: Bytes, total: Bytes) -> String {
    let share = bytes.share_of(total) * 100.0;
    if bytes.0 > 0 && share < 0.5 { "< 1 %".to_string() } else { format!("{} %", grouped_decimal(share, 0)) }
}

/// Bands narrower than this share of their figure are not worth the ink.
const WORTH_SHOWING: f64 = 0.01;

/// Formats the wider side of a figure's band for the table; empty if it is negligible.
fn deviation(bytes: Bytes, band: Band, units: Units) -> String {
    let widest = Bytes(band.widest() as u64);
    let text = grouped_decimal(widest.giga(units), 2);
    let shown = widest.share_of(bytes) > WORTH_SHOWING && text != "0.00";
    if shown { format!("± {text}") } else { String::new() }
}

/// The figures of the ranks that are looked at.
pub(crate) fn figures(state: AppState, appearance: Appearance) -> El {
    let units = state.view.units;
    let column = |(name, meaning): (&str, &str)| {
        el("th").attr("scope", "col").class("number").attr("aria-label", meaning).text(name)
    };
    let explanation = el("th").attr("scope", "col").child(el("span").class("visually-hidden").text("explanation"));
    let head = el("tr")
        .child(el("th").attr("scope", "col").child(runs(state)))
        .children(
            [(units.giga(), "size"), ("±", &format!("off by at most, in {}", units.giga())), ("share", "share")]
                .map(column),
        )
        .child(explanation);
    let mut places = Vec::new();
    let lines = Segment::ALL.map(|segment| line(state, appearance, segment, &mut places));
    let mut total = |class: &str, name: El| {
        let name = name.attr("scope", "row");
        el("tr").class(class).child(name).child(size(&mut places, units)).children(["td", "td", "td"].map(el))
    };
    let needed = el("th");
    let foot = [total("capacity-line", el("th").text("Capacity")), total("smi-line", needed.clone())];
    places.push(needed.text_place());
    live_all(places, move || {
        let run = state.view.run.get();
        state.sound(|sound| sound.run(run).first().map(|rank| said(sound, rank, units)).unwrap_or_default())
    });
    let table =
        el("table").child(el("thead").child(head)).child(el("tbody").children(lines)).child(el("tfoot").children(foot));
    let bound = el("p")
        .id("upper-bound")
        .class("note")
        .live_text(move || state.sound(|sound| upper_bound(sound, units)).unwrap_or_default());
    el("section").class("figures").attr("aria-label", "Figures").child(table).child(calibration(state)).child(bound)
}

/// What the table says of a rank, in the order of its places.
fn said(sound: &Sound, rank: &Rank, units: Units) -> Vec<Option<String>> {
    let size = |bytes: Bytes| Some(grouped_decimal(bytes.giga(units), 2));
    let mut said = Vec::new();
    for segment in Segment::ALL {
        let bytes = segment.bytes(rank);
        said.push(Some(bytes.0.to_string()));
        said.push(Some(segment.label_in(&sound.report).to_string()));
        said.push((!is_calibrated(rank, segment)).then(String::new));
        said.push(size(bytes));
        said.push(Some(deviation(bytes, segment.band(rank), units)));
        said.push(Some(share(bytes, rank.total)));
    }
    let needed = if sound.report.verdict.fits() { "nvidia-smi will show" } else { "Needed in all" };
    said.push(size(rank.total));
    said.push(size(rank.used()));
    said.push(Some(needed.to_string()));
    said
}

/// Whether a log that a person gave scales a segment's size.
fn is_calibrated(rank: &Rank, segment: Segment) -> bool {
    matches!(segment, Segment::Contributor(contributor) if rank.figure(contributor).is_calibrated())
}

/// Says that a log scales figures, and takes that away.
fn calibration(state: AppState) -> El {
    let fields: Vec<&Setting> = SETTINGS.iter().filter(|field| field.group == Group::Calibration).collect();
    let all = fields.clone();
    let is_there = move || state.count(&fields, |standing| standing.counts) > 0;
    let remove = el("button").class("link").attr("type", "button").text("Remove");
    let remove = remove.on("click", move |_| all.iter().for_each(|field| state.reset(field)));
    el("p")
        .id("calibration")
        .class("note")
        .live_flag("hidden", move || !is_there())
        .text("Figures marked “from your log” are the laws, scaled by what your log measured. ")
        .child(remove)
}

/// What TensorRT-LLM itself says after a build; nothing where none is built.
fn upper_bound(sound: &Sound, units: Units) -> Option<String> {
    let bound = sound.report.upper_bound.as_ref()?;
    let warns = if bound.exceeds_gpu { ", and it warns that the GPU has less" } else { "" };
    Some(format!(
        "trtllm-build's own estimate, with every sequence at its longest: {}{warns}.",
        large(bound.total(), units)
    ))
}

/// The cell of a size, whose place is the next.
fn size(places: &mut Vec<Place>, units: Units) -> El {
    let number = el("span");
    places.push(number.text_place());
    // The column's heading has the unit; whoever hears one cell, or copies it, needs it too.
    el("td").class("number").child(number).child(el("span").class("unit").text(&format!(" {}", units.giga())))
}

/// Returns the row of a segment: colour, size, share, and a link to its explanation. Adds the
/// places of the texts of [`said`].
fn line(state: AppState, appearance: Appearance, segment: Segment, places: &mut Vec<Place>) -> El {
    let pointed = state.view.pointed;
    let (label, own) = (el("span"), el("span").class("mark own").text("from your log"));
    let row = el("tr").attr("data-contributor", segment.key());
    places.push(row.attr_place("data-bytes"));
    places.push(label.text_place());
    places.push(own.attr_place("hidden"));
    let name = el("th").attr("scope", "row").child(swatch(appearance, segment)).child(label).child(own);
    let size = size(places, state.view.units);
    let (off, part) = (el("td").class("number off"), el("td").class("number share"));
    places.push(off.text_place());
    places.push(part.text_place());
    let why = match segment {
        Segment::Contributor(contributor) => Some(why(state, contributor)),
        Segment::Free => None,
    };
    row.live_class("pointed", move || pointed.get().is_some_and(|pointed| pointed.segment == segment))
        .on("pointerenter", move |_| pointed.set(Some(Pointed { segment, bar: None })))
        .on("pointerleave", move |_| pointed.set(None))
        .children([name, size, off, part])
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
pub(crate) fn swatch(appearance: Appearance, segment: Segment) -> El {
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
            (runs, _) => runs.iter().filter_map(|run| RankRange::of(run)).map(|range| range.to_string()).collect(),
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
