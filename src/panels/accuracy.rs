//! The accuracy of the laws: in a sentence, as a picture, by contributor, and figure by figure.

use super::widgets;
use crate::accuracy::{Case, Compared, Comparison, Errors, Printed, shipped, url};
use crate::chart::{Point, Size, scatter};
use crate::deployment::{Backend, Deployment, Group};
use crate::link;
use crate::protocol::PanelRequest;
use crate::units::{Bytes, GIB, KIB, MIB, Units, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The greatest width of the picture in pixels; it is a square.
const WIDEST: u32 = 360;

/// Returns the project's measurements beside the predictions, those of the deployment's backend
/// first.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let comparison = shipped();
    let own = request.deployment.backend;
    let other = if own == Backend::Pytorch { Backend::TensorRt } else { Backend::Pytorch };
    html! { @for backend in [own, other] { (section(backend, &comparison, request)) } }
}

fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::TensorRt => "TensorRT engine",
        Backend::Pytorch => "PyTorch backend",
    }
}

/// The measurements of one backend.
fn section(backend: Backend, comparison: &Comparison, request: &PanelRequest) -> Markup {
    let cases: Vec<&Case> = comparison.cases.iter().filter(|case| case.deployment.backend == backend).collect();
    html! {
        section.accuracy aria-label=(name(backend)) data-backend=(backend) {
            h3 { (name(backend)) }
            @if cases.is_empty() {
                p.accuracy-summary {
                    "None of the public measurements is of the " (name(backend)) ", so the errors of the other backend "
                    "don't apply to it. Why lists the evidence of each law and its likely range."
                }
            } @else {
                p.accuracy-summary { (summary(&cases)) " " (uncovered(&cases)) }
                (picture(&cases, request))
                (contributors(&cases))
                (every_measurement(&cases, request.view.units))
            }
        }
    }
}

fn summary(cases: &[&Case]) -> String {
    let Errors { count, median, p90, .. } = Errors::of(cases.iter().copied());
    let (agree, deployments) = (agreeing(cases.iter().copied()), cases.chunk_by(|a, b| a.id == b.id).count());
    format!(
        "{agree} of {count} figures from {deployments} public measurements are predicted to the printed digit. Half of \
         the errors are {}, nine in ten {}.",
        at_most(median),
        at_most(p90)
    )
}

/// A kind of deployment: its name, and whether a deployment is one.
type Kind = (&'static str, fn(&Deployment) -> bool);

/// The kinds of deployments that measurements may cover.
const KINDS: [Kind; 6] = [
    ("pipeline stages", |deployment| deployment.parallel.pp_size > 1),
    ("more than 8 GPUs", |deployment| deployment.world_size() > 8),
    ("mixtures of experts", |deployment| deployment.model.moe.is_some()),
    ("4-bit floating-point weights", |deployment| deployment.quant_algo().name().contains("FP4")),
    ("speculative decoding", |deployment| changes(deployment, Group::Speculation)),
    ("LoRA and prompt tables", |deployment| changes(deployment, Group::Adapters)),
];

fn changes(deployment: &Deployment, group: Group) -> bool {
    deployment.changed().any(|(setting, _)| setting.group == group)
}

/// The kinds of deployments without a measurement, in a sentence.
fn uncovered(cases: &[&Case]) -> String {
    let is_missing = |(_, is_one): &&Kind| !cases.iter().any(|case| is_one(&case.deployment));
    let missing: Vec<&str> = KINDS.iter().filter(is_missing).map(|(kind, _)| *kind).collect();
    if missing.is_empty() { String::new() } else { format!("Not measured: {}.", missing.join(", ")) }
}

/// How far a prediction agrees with the figure that was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    /// Printed, both have the same digits.
    Digits,
    /// The measured figure is a difference of printed ones, whose rounding explains the error.
    Rounding,
    /// They differ.
    No,
}

/// The digits with which a figure was printed: the unit, and the decimals.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Digits {
    unit: u64,
    decimals: usize,
    /// Whether further digits were cut off instead of rounded.
    cut_off: bool,
}

impl Digits {
    /// `None` if the figure was not printed itself, but follows from printed ones.
    fn of(printed: &Printed) -> Option<Digits> {
        let width = printed.high - printed.low;
        if width == 0.0 {
            return Some(Digits { unit: 1, decimals: 0, cut_off: false });
        }
        let is = |size: f64| (width / size - 1.0).abs() < 1e-6;
        let cut_off = printed.low == printed.value;
        let units = [GIB, MIB, KIB, 1];
        units.into_iter().find_map(|unit| match unit as f64 {
            whole if is(whole) => Some(Digits { unit, decimals: 0, cut_off }),
            whole if is(whole / 100.0) => Some(Digits { unit, decimals: 2, cut_off }),
            _ => None,
        })
    }

    fn text(self, amount: f64, is_bytes: bool, units: Units) -> String {
        let amount = amount / self.unit as f64;
        let number = grouped_decimal(if self.cut_off { (amount + 1e-6).floor() } else { amount }, self.decimals);
        match (self.unit, is_bytes) {
            (_, false) => number,
            (1, true) => Bytes(amount.round() as u64).display(units).to_string(),
            (GIB, true) => format!("{number} GiB"),
            (MIB, true) => format!("{number} MiB"),
            _ => format!("{number} KiB"),
        }
    }
}

fn agreement(case: &Case) -> Agreement {
    match Digits::of(&case.printed) {
        Some(digits) => {
            let [predicted, measured] =
                [case.predicted, case.measured].map(|amount| digits.text(amount, false, Units::Binary));
            if predicted == measured { Agreement::Digits } else { Agreement::No }
        }
        None if case.exact => Agreement::Rounding,
        None => Agreement::No,
    }
}

fn agreeing<'a>(cases: impl IntoIterator<Item = &'a Case>) -> usize {
    cases.into_iter().filter(|case| agreement(case) == Agreement::Digits).count()
}

/// Errors below this share round to zero at two decimals.
const HARDLY: f64 = 0.00005;

fn at_most(share: f64) -> String {
    if share < HARDLY { "less than 0.01 %".into() } else { format!("at most {}", percent(share)) }
}

fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".into(),
        hardly if hardly < HARDLY => "< 0.01 %".into(),
        little if little < 0.1 => format!("{} %", grouped_decimal(little * 100.0, 2)),
        much => format!("{} %", grouped_decimal(much * 100.0, 0)),
    }
}

/// A dot for each figure that is a size. The table below has the same data.
fn picture(cases: &[&Case], request: &PanelRequest) -> Markup {
    let theme = widgets::theme(request);
    let pixels = request.view.width.unwrap_or(WIDEST).min(WIDEST);
    let cases: Vec<&Case> = cases.iter().copied().filter(|case| case.contributor.is_bytes()).collect();
    let point = |case: &&Case| Point {
        contributor: case.contributor.contributor(),
        predicted: case.predicted,
        measured: case.measured,
    };
    let points: Vec<Point> = cases.iter().map(point).collect();
    let drawn = scatter(&points, Size { width: pixels, height: pixels }, theme, request.view.units);
    let idle = "Hover for figures. On the line, predicted and measured are equal.";
    html! {
        figure.scatter {
            div.chart-frame {
                div.chart-picture aria-hidden="true" { (PreEscaped(&drawn.svg)) }
                svg.chart-boxes role="group" aria-label="Predicted over measured" data-roving
                    viewBox={ "0 0 " (pixels) " " (pixels) } {
                    @for (index, dot) in drawn.dots.iter().enumerate() {
                        @let text = description(cases[dot.point], request.view.units);
                        circle cx=(dot.x) cy=(dot.y) r="8" tabindex=(widgets::roving(index)) role="img"
                            aria-label=(text) data-tip=(text) {}
                    }
                }
            }
            p.note data-tips=(idle) { (idle) }
        }
    }
}

/// A figure in one line.
fn description(case: &Case, units: Units) -> String {
    let [predicted, measured, off] = texts(case, units);
    format!("{} of {}: predicted {predicted}, measured {measured}, {off}.", case.contributor.label(), setting(case))
}

/// The predicted size, the measured size as it was printed, and the error.
fn texts(case: &Case, units: Units) -> [String; 3] {
    let is_bytes = case.contributor.is_bytes();
    let digits = Digits::of(&case.printed).filter(|_| units == Units::Binary || !is_bytes);
    let text = |amount: f64| match digits {
        Some(digits) => digits.text(amount, is_bytes, units),
        None if is_bytes => Bytes(amount.round() as u64).display(units).to_string(),
        None => grouped(amount.round() as u64),
    };
    let off = match (agreement(case), case.error) {
        (Agreement::Digits, _) => "to the printed digit".into(),
        (Agreement::Rounding, _) => "within rounding".into(),
        (_, hardly) if hardly.abs() < HARDLY => percent(hardly.abs()),
        (_, below) if below < 0.0 => format!("−{}", percent(-below)),
        (_, above) => format!("+{}", percent(above)),
    };
    [text(case.predicted), text(case.measured), off]
}

/// The model and the GPUs.
fn setting(case: &Case) -> String {
    let deployment = &case.deployment;
    let cards = match deployment.world_size() {
        1 => deployment.gpu.name.to_string(),
        more => format!("{more} × {}", deployment.gpu.name),
    };
    format!("{} · {} · {cards}", deployment.model.name, deployment.quant_algo())
}

/// A row for each kind of figure.
fn contributors(cases: &[&Case]) -> Markup {
    let of = |contributor: Compared| cases.iter().copied().filter(move |case| case.contributor == contributor);
    let rows = Compared::ALL.into_iter().map(|contributor| (contributor, Errors::of(of(contributor))));
    html! {
        table.errors aria-label="Errors by figure" {
            (head(&["figure", "to the printed digit", "median error", "9 in 10 below", "worst"]))
            tbody {
                @for (contributor, errors) in rows.filter(|(_, errors)| errors.count > 0) {
                    tr {
                        th scope="row" { (contributor.label()) }
                        td.number { (agreeing(of(contributor))) " of " (errors.count) }
                        @for error in [errors.median, errors.p90, errors.worst] {
                            td.number { (percent(error)) }
                        }
                    }
                }
            }
        }
    }
}

fn head(names: &[&str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } }
}

/// Every figure, grouped by configuration. A link opens the configuration, another one its
/// publication.
fn every_measurement(cases: &[&Case], units: Units) -> Markup {
    html! {
        table.measurements aria-label="Every measurement" {
            (head(&["configuration and figure", "predicted", "measured", "error"]))
            @for cases in cases.chunk_by(|a, b| a.id == b.id) {
                tbody {
                    @if let Some(first) = cases.first() {
                        tr.measured {
                            th scope="rowgroup" colspan="4" {
                                a href={ "#" (link::encode(&first.deployment)) } { (setting(first)) }
                                span.source { (source(&first.source)) }
                            }
                        }
                    }
                    @for case in cases {
                        tr {
                            th scope="row" { (case.contributor.label()) }
                            @for text in texts(case, units) {
                                td.number { (text) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The publication: if it is an address, a link that opens in a new tab.
fn source(source: &str) -> Markup {
    html! {
        @match url(source) {
            Some(address) => a href=(address) target="_blank" rel="noopener" { (source) },
            None => (source),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::accuracy::shipped;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn count(html: &str, part: &str) -> usize {
        html.matches(part).count()
    }

    #[test]
    fn every_figure_is_listed_and_every_size_has_a_dot() {
        let (html, cases) = (answer("panel=accuracy&width=300&theme=dark"), shipped().cases);
        let sizes = cases.iter().filter(|case| case.contributor.is_bytes()).count();
        assert_eq!(count(&html, "data-tip="), sizes);
        assert!(html.contains("<svg width=\"300\""));
        let agree = count(&html, "<td class=\"number\">to the printed digit</td>");
        assert!(agree > 20, "{agree}");
        assert!(html.contains(&format!("{agree} of {} figures", cases.len())));
        assert!(html.contains("Not measured: pipeline stages, more than 8 GPUs,"));
    }

    #[test]
    fn figures_that_agree_to_the_printed_digit_have_the_same_text() {
        let html = answer("panel=accuracy");
        let rows = html.split("<tr>").filter(|row| row.contains(">to the printed digit</td>"));
        for row in rows {
            let cells: Vec<&str> =
                row.split("<td class=\"number\">").map(|cell| cell.split('<').next().unwrap()).collect();
            assert_eq!(cells[1], cells[2], "{row}");
        }
        // The log prints whole MiB, cut off.
        assert!(html.contains(">869 MiB</td>"));
    }

    #[test]
    fn the_open_backend_comes_first_and_says_if_nothing_measured_it() {
        let at = |html: &str, name: &str| html.find(&format!("data-backend=\"{name}\"")).unwrap();
        let engine = answer("panel=accuracy&link=backend%3Dtensorrt");
        assert!(at(&engine, "tensorrt") < at(&engine, "pytorch"));
        let torch = answer("panel=accuracy&link=backend%3Dpytorch");
        assert!(at(&torch, "pytorch") < at(&torch, "tensorrt"));
        assert!(torch.contains("None of the public measurements is of the PyTorch backend"));
    }

    #[test]
    fn every_measurement_opens_and_names_its_source() {
        let (html, cases) = (answer("panel=accuracy"), shipped().cases);
        let measurements = cases.chunk_by(|a, b| a.id == b.id).count();
        assert_eq!(count(&html, "<a href=\"#"), measurements);
        assert_eq!(count(&html, "class=\"source\""), measurements);
        let outside = count(&html, "<a href=\"https://");
        assert!(outside > 5 && count(&html, "target=\"_blank\" rel=\"noopener\"") == outside);
    }
}
