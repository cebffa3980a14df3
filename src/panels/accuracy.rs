//! The accuracy of the laws: in a sentence, as a picture, by contributor, and figure by figure.

use super::widgets;
use crate::accuracy::{Case, Compared, Comparison, Errors, measurements, shipped, url};
use crate::chart::{Point, Size, scatter};
use crate::link;
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The greatest width of the picture in pixels; it is a square.
const WIDEST: u32 = 360;

/// Returns the project's measurements beside the predictions.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let comparison = shipped();
    html! {
        div.accuracy {
            p.accuracy-summary { (summary(&comparison)) }
            (picture(&comparison, request))
            (contributors(&comparison))
            (every_measurement(&comparison, request.view.units))
        }
    }
}

fn summary(comparison: &Comparison) -> String {
    let Errors { count, median, p90, .. } = Errors::of(&comparison.cases);
    let (exact, deployments) = (exact(&comparison.cases), measurements().len());
    format!(
        "{exact} of {count} figures from {deployments} public measurements are predicted to the printed digit. Half of \
         the errors are {}, nine in ten {}.",
        at_most(median),
        at_most(p90)
    )
}

fn exact<'a>(cases: impl IntoIterator<Item = &'a Case>) -> usize {
    cases.into_iter().filter(|case| case.exact).count()
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
fn picture(comparison: &Comparison, request: &PanelRequest) -> Markup {
    let theme = widgets::theme(request);
    let pixels = request.view.width.unwrap_or(WIDEST).min(WIDEST);
    let cases: Vec<&Case> = comparison.cases.iter().filter(|case| case.contributor.is_bytes()).collect();
    let point = |case: &&Case| Point {
        contributor: case.contributor.contributor(),
        predicted: case.predicted,
        measured: case.measured,
    };
    let points: Vec<Point> = cases.iter().map(point).collect();
    let drawn = scatter(&points, Size { width: pixels, height: pixels }, theme, request.view.units);
    let idle = "Horizontal: measured. Vertical: predicted. On the line both are equal.";
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

/// The predicted size, the measured size, and the error.
fn texts(case: &Case, units: Units) -> [String; 3] {
    let text = |amount: f64| match case.contributor.is_bytes() {
        true => Bytes(amount.round() as u64).display(units).to_string(),
        false => grouped(amount.round() as u64),
    };
    let off = match case.error {
        _ if case.exact => "exact".into(),
        hardly if hardly.abs() < HARDLY => percent(hardly.abs()),
        below if below < 0.0 => format!("−{}", percent(-below)),
        above => format!("+{}", percent(above)),
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
    format!("{} · {} · {cards}", deployment.model.name, deployment.precision.quant_algo)
}

/// A row for each kind of figure.
fn contributors(comparison: &Comparison) -> Markup {
    let rows = Compared::ALL.into_iter().map(|contributor| (contributor, Errors::of(comparison.of(contributor))));
    html! {
        table.errors aria-label="Errors by figure" {
            (head(&["figure", "exact", "median", "9 in 10", "worst"]))
            tbody {
                @for (contributor, errors) in rows.filter(|(_, errors)| errors.count > 0) {
                    tr {
                        th scope="row" { (contributor.label()) }
                        td.number { (exact(comparison.of(contributor))) " of " (errors.count) }
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
fn every_measurement(comparison: &Comparison, units: Units) -> Markup {
    html! {
        table.measurements aria-label="Every measurement" {
            (head(&["configuration and figure", "predicted", "measured", "error"]))
            @for cases in comparison.cases.chunk_by(|a, b| a.id == b.id) {
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
        let exact = cases.iter().filter(|case| case.exact).count();
        assert_eq!(count(&html, "data-tip="), sizes);
        assert!(html.contains("<svg width=\"300\""));
        assert_eq!(count(&html, "<td class=\"number\">exact</td>"), exact);
        assert!(html.contains(&format!("{exact} of {} figures", cases.len())));
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
