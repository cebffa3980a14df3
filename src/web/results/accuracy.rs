//! How near the laws come to what was measured: in a sentence, by contributor, as a picture, and figure by figure.

use crate::web::answers::{Reply, follow};
use crate::web::browser;
use crate::web::dom::{El, el, svg, target};
use crate::web::theme::Appearance;
use leptos::prelude::*;
use std::fmt::Write;

/// The picture is no wider, in pixels; it is as high as wide.
const WIDEST: usize = 360;

/// What the line below the picture says while no dot is pointed at.
const IDLE: &str = "Across: measured. Up: predicted. On the line both are equal.";

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
                measurements(&answer),
            ],
        }
    })
}

/// The scatter plot, and a line about the dot that is pointed at.
fn picture(answer: &Reply) -> El {
    let told = RwSignal::new(IDLE.to_string());
    let dots = answer.list("dots");
    let markup = dots.iter().enumerate().fold(String::new(), |mut svg, (number, dot)| {
        let [x, y] = ["x", "y"].map(|key| dot.number(key) as u32);
        let _ = write!(svg, "<circle data-dot=\"{number}\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/>");
        svg
    });
    let (width, height) = (answer.number("width"), answer.number("height"));
    let point = move |event: web_sys::Event| {
        let number = target(&event).and_then(|dot| dot.get_attribute("data-dot")?.parse::<usize>().ok());
        let dot = number.and_then(|number| dots.get(number));
        told.set(dot.map_or_else(|| IDLE.to_string(), |dot| dot.text("text")));
    };
    let over = svg("svg")
        .class("chart-boxes")
        .attr("viewBox", &format!("0 0 {} {}", width as u32, height as u32))
        .live_markup(move || markup.clone())
        .on("pointerover", point)
        .on("pointerleave", move |_| told.set(IDLE.to_string()));
    let svg = answer.text("svg");
    // The table below says the same.
    let frame = el("div").class("chart-frame").attr("aria-hidden", "true");
    let frame = frame.child(el("div").class("chart-picture").live_markup(move || svg.clone())).child(over);
    let caption = el("p").class("note").live_text(move || told.get());
    el("figure").class("scatter").child(frame).child(caption)
}

fn table(class: &str, label: &str, names: &[&str]) -> El {
    let head = |name: &&str| el("th").attr("scope", "col").text(name);
    let head = el("thead").child(el("tr").children(names.iter().map(head)));
    el("table").class(class).attr("aria-label", label).child(head)
}

/// A row for each kind of figure.
fn contributors(answer: &Reply) -> El {
    let row = |row: &Reply| {
        let name = el("th").attr("scope", "row").text(&row.text("label"));
        el("tr").child(name).children(["exact", "median", "p90", "worst"].map(|key| cell(row, key)))
    };
    let names = ["Figure", "exact", "median", "9 in 10", "worst"];
    let body = el("tbody").children(answer.list("contributors").iter().map(row));
    table("errors", "Errors by figure", &names).child(body)
}

fn cell(row: &Reply, key: &str) -> El {
    el("td").class("number").text(&row.text(key))
}

/// Every figure under its configuration, which its link opens, and with where it was published.
fn measurements(answer: &Reply) -> El {
    let figure = |row: &Reply| {
        let name = el("th").attr("scope", "row").text(&row.text("label"));
        el("tr").child(name).children(["predicted", "measured", "error"].map(|key| cell(row, key)))
    };
    let group = |measured: &Reply| {
        let source = measured.text("source");
        let source = match measured.maybe("url") {
            Some(url) => outside(&url).text(&source),
            None => el("span").text(&source),
        };
        let open = el("a").attr("href", &format!("#{}", measured.text("link"))).text(&measured.text("setting"));
        let head = el("th").attr("scope", "rowgroup").attr("colspan", "4").child(open);
        let head = head.child(el("span").class("source").child(source));
        el("tbody").child(el("tr").class("measured").child(head)).children(measured.list("figures").iter().map(figure))
    };
    let names = ["Configuration and figure", "predicted", "measured", "off by"];
    table("measurements", "Every measurement", &names).children(answer.list("measurements").iter().map(group))
}

/// A link to another site, in a tab of its own.
fn outside(address: &str) -> El {
    el("a").attr("href", address).attr("target", "_blank").attr("rel", "noopener")
}
