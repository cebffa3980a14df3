//! How near the laws come to what was measured: in a sentence, by contributor, as a picture, and figure by figure.

use crate::web::answers::{Reply, follow};
use crate::web::browser;
use crate::web::dom::{El, el, svg, target};
use crate::web::theme::Appearance;
use leptos::prelude::*;
use std::fmt::Write;

/// The picture is no wider, in pixels; it is as high as wide.
const WIDEST: usize = 440;

/// Every measurement that comes with the project beside what the laws say.
pub fn accuracy(appearance: Appearance) -> El {
    let panel = el("div").class("accuracy");
    let width = browser::width_of(&panel.0);
    let answer = follow(move || {
        let width = Some(width.get()).filter(|width| *width > 0)?;
        let theme = if appearance.is_dark() { "dark" } else { "light" };
        Some(format!("accuracy?width={}&theme={theme}", width.min(WIDEST)))
    });
    panel.live_children(move || {
        let Some(answer) = answer.get() else {
            return Vec::new();
        };
        match answer.maybe("problem") {
            Some(problem) => vec![el("p").text(&problem)],
            None => vec![
                el("p").class("accuracy-summary").text(&answer.text("summary")),
                picture(&answer),
                contributors(&answer),
                cases(&answer),
            ],
        }
    })
}

/// The scatter plot, and a line about the dot that is pointed at.
fn picture(answer: &Reply) -> El {
    let told = RwSignal::new(None::<usize>);
    let cases = answer.list("cases");
    let text = move || told.get().and_then(|case| cases.get(case).map(tell));
    let idle = "Across: measured. Up: predicted. On the line both are equal.";
    let (width, height) = (answer.number("width"), answer.number("height"));
    let point = move |event: web_sys::Event| {
        let case = target(&event).and_then(|dot| dot.get_attribute("data-case"));
        told.set(case.and_then(|case| case.parse().ok()));
    };
    let over = svg("svg")
        .class("chart-boxes")
        .attr("viewBox", &format!("0 0 {} {}", width as u32, height as u32))
        .live_markup({
            let dots = dots(answer);
            move || dots.clone()
        })
        .on("pointerover", point)
        .on("pointerleave", move |_| told.set(None));
    let svg = answer.text("svg");
    // The table below says the same.
    let frame = el("div").class("chart-frame").attr("aria-hidden", "true");
    let frame = frame.child(el("div").class("chart-picture").live_markup(move || svg.clone())).child(over);
    let caption = el("p").class("note").live_text(move || text().unwrap_or_else(|| idle.to_string()));
    el("figure").class("scatter").child(frame).child(caption)
}

fn dots(answer: &Reply) -> String {
    let mut svg = String::new();
    for dot in answer.list("dots") {
        let [x, y, case] = ["x", "y", "case"].map(|key| dot.number(key) as u32);
        let _ = write!(svg, "<circle data-case=\"{case}\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/>");
    }
    svg
}

/// A figure in a line.
fn tell(case: &Reply) -> String {
    let [label, setting, predicted, measured, error] =
        ["label", "setting", "predicted", "measured", "error"].map(|key| case.text(key));
    format!("{label} of {setting}: predicted {predicted}, measured {measured} ({error}).")
}

fn table(class: &str, label: &str, names: &[&str]) -> El {
    let head = |name: &&str| el("th").attr("scope", "col").text(name);
    let head = el("thead").child(el("tr").children(names.iter().map(head)));
    el("table").class(class).attr("aria-label", label).child(head)
}

/// A row for each kind of figure.
fn contributors(answer: &Reply) -> El {
    let row = |row: &Reply| {
        let counts = ["count", "exact"].map(|key| (row.number(key) as u64).to_string());
        let errors = ["median", "p90", "worst"].map(|key| row.text(key));
        let cell = |text: &String| el("td").text(text);
        let name = el("th").attr("scope", "row").text(&row.text("label"));
        el("tr").child(name).children(counts.iter().chain(&errors).map(cell))
    };
    let names = ["Figure", "count", "exact", "median", "9 in 10", "worst"];
    let body = el("tbody").children(answer.list("contributors").iter().map(row));
    table("errors", "Errors by figure", &names).child(body)
}

/// Every figure, with where it was published, and a way to its configuration.
fn cases(answer: &Reply) -> El {
    let row = |case: &Reply| {
        let source = case.text("source");
        let source = match case.maybe("url") {
            Some(url) => outside(&url).text(&source),
            None => el("span").text(&source),
        };
        let open = el("a").attr("href", &format!("#{}", case.text("link"))).text(&case.text("setting"));
        let figures = ["predicted", "measured", "error"].map(|key| el("td").text(&case.text(key)));
        el("tr")
            .child(el("th").attr("scope", "row").text(&case.text("label")))
            .children(figures)
            .child(el("td").class("case-setting").child(open))
            .child(el("td").class("case-source").child(source))
    };
    let names = ["Figure", "predicted", "measured", "off by", "configuration", "source"];
    let body = el("tbody").children(answer.list("cases").iter().map(row));
    let table = table("cases", "Every measurement", &names).child(body);
    let scrolls = el("div").class("wide").attr("tabindex", "0").attr("role", "region");
    scrolls.attr("aria-label", "Every measurement").child(table)
}

/// A link to another site, in a tab of its own.
fn outside(address: &str) -> El {
    el("a").attr("href", address).attr("target", "_blank").attr("rel", "noopener")
}
