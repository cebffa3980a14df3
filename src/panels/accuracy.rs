//! How near the laws come to what was measured: in a sentence, as a picture, by contributor, and figure by figure.

use super::{Request, widgets::roving};
use crate::accuracy::{Case, Compared, Comparison, Errors, measurements, shipped, url};
use crate::chart::{Point, Size, Theme, scatter};
use crate::link;
use crate::units::{Bytes, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The picture is no wider, in pixels; it is as high as wide.
const WIDEST: u64 = 360;

/// The measurements that come with the project beside what the laws say.
pub(super) fn panel(request: &Request) -> Markup {
    let comparison = shipped();
    html! {
        div.accuracy {
            p.accuracy-summary { (summary(&comparison)) }
            (picture(&comparison, request))
            (contributors(&comparison))
            (every_measurement(&comparison))
        }
    }
}

fn summary(comparison: &Comparison) -> String {
    let Errors { count, median, p90, .. } = Errors::of(&comparison.cases);
    let (exact, deployments) = (exact(&comparison.cases), measurements().len());
    format!(
        "{exact} of {count} figures from {deployments} public measurements are met to the printed digit. Half of all are off by \
         {}, nine in ten by {}.",
        at_most(median),
        at_most(p90)
    )
}

fn exact<'a>(cases: impl IntoIterator<Item = &'a Case>) -> usize {
    cases.into_iter().filter(|case| case.exact).count()
}

/// Errors below this share are written as less than two decimals can say.
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

/// A dot for each figure that is a size. The table below says the same.
fn picture(comparison: &Comparison, request: &Request) -> Markup {
    let theme = if request.option("theme") == Some("dark") { &Theme::DARK } else { &Theme::LIGHT };
    let pixels = request.number("width").unwrap_or(WIDEST).min(WIDEST) as u32;
    let cases: Vec<&Case> = comparison.cases.iter().filter(|case| case.contributor.is_bytes()).collect();
    let point = |case: &&Case| Point {
        contributor: case.contributor.contributor(),
        predicted: case.predicted,
        measured: case.measured,
    };
    let points: Vec<Point> = cases.iter().map(point).collect();
    let drawn = scatter(&points, Size { width: pixels, height: pixels }, theme);
    let idle = "Across: measured. Up: predicted. On the line both are equal.";
    html! {
        figure.scatter {
            div.chart-frame {
                div.chart-picture aria-hidden="true" { (PreEscaped(&drawn.svg)) }
                svg.chart-boxes role="group" aria-label="Predicted over measured" data-roving viewBox={ "0 0 " (pixels) " " (pixels) } {
                    @for (index, dot) in drawn.dots.iter().enumerate() {
                        @let told = explanation_text(cases[dot.point]);
                        circle cx=(dot.x) cy=(dot.y) r="8" tabindex=(roving(index)) role="img" aria-label=(told) data-tip=(told) {}
                    }
                }
            }
            p.note data-tips=(idle) { (idle) }
        }
    }
}

/// A figure in a line.
fn explanation_text(case: &Case) -> String {
    let [predicted, measured, off] = texts(case);
    format!("{} of {}: predicted {predicted}, measured {measured}, {off}.", case.contributor.label(), setting(case))
}

/// What was predicted, what was measured, and how far off that is.
fn texts(case: &Case) -> [String; 3] {
    let text = |amount: f64| match case.contributor.is_bytes() {
        true => Bytes(amount.round() as u64).to_string(),
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

/// The model on its cards.
fn setting(case: &Case) -> String {
    let deployment = &case.deployment;
    let cards = match deployment.world_size() {
        1 => deployment.gpu.name.to_string(),
        more => format!("{more} × {}", deployment.gpu.name),
    };
    format!("{} · {} · {cards}", deployment.model.name, deployment.quant_algo)
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

/// Every figure under its configuration, which a link opens, and with where it was published.
fn every_measurement(comparison: &Comparison) -> Markup {
    html! {
        table.measurements aria-label="Every measurement" {
            (head(&["configuration and figure", "predicted", "measured", "off by"]))
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
                            @for text in texts(case) {
                                td.number { (text) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where something was published: a link in a tab of its own, where that is an address.
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
