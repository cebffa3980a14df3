//! How near the laws come to what was measured.

use super::Question;
use crate::accuracy::{Case, Compared, Comparison, Errors, measurements, shipped, url};
use crate::chart::{Dot, Point, Size, Theme, scatter};
use crate::formats::link;
use crate::units::{Bytes, grouped, grouped_decimal};
use serde::Serialize;

/// The measurements that come with the project beside what the laws say, as a person reads them.
#[derive(Serialize)]
pub struct Accuracy {
    summary: String,
    contributors: Vec<Row>,
    cases: Vec<CaseRow>,
    /// The picture of those figures that are sizes.
    svg: String,
    width: u32,
    height: u32,
    dots: Vec<DotOfCase>,
}

/// The errors of one kind of figure.
#[derive(Serialize)]
struct Row {
    label: &'static str,
    count: usize,
    exact: usize,
    median: String,
    p90: String,
    worst: String,
}

/// One figure.
#[derive(Serialize)]
struct CaseRow {
    label: &'static str,
    /// The model on its cards.
    setting: String,
    predicted: String,
    measured: String,
    /// How far off, or that it is exact.
    error: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    link: String,
}

/// The dot of a case, by its place in the list.
#[derive(Serialize)]
struct DotOfCase {
    case: usize,
    x: u32,
    y: u32,
}

/// The answer, with a picture of the width and theme that are asked for.
pub fn accuracy(question: &Question) -> Accuracy {
    let comparison = shipped();
    let pixels = question.detail("width").parse().unwrap_or(480);
    let theme = if question.detail("theme") == "dark" { &Theme::DARK } else { &Theme::LIGHT };
    let sizes: Vec<(usize, Point)> =
        comparison.cases.iter().enumerate().filter_map(|(case, figure)| Some((case, point(figure)?))).collect();
    let points: Vec<Point> = sizes.iter().map(|(_, point)| *point).collect();
    let size = Size { width: pixels, height: pixels };
    let drawn = scatter(&points, size, theme);
    let of_case = |Dot { point, x, y }: &Dot| DotOfCase { case: sizes[*point].0, x: *x, y: *y };
    Accuracy {
        summary: summary(&comparison),
        contributors: Compared::ALL.into_iter().filter_map(|contributor| row(&comparison, contributor)).collect(),
        cases: comparison.cases.iter().map(case_row).collect(),
        width: size.width,
        height: size.height,
        dots: drawn.dots.iter().map(of_case).collect(),
        svg: drawn.svg,
    }
}

/// The dot of a figure; counts of blocks and tokens have none.
fn point(case: &Case) -> Option<Point> {
    let contributor = case.contributor.contributor();
    let Case { predicted, measured, .. } = *case;
    case.contributor.is_bytes().then_some(Point { contributor, predicted, measured })
}

fn summary(comparison: &Comparison) -> String {
    let Errors { count, median, p90, .. } = Errors::of(&comparison.cases);
    let exact = comparison.cases.iter().filter(|case| case.exact).count();
    let deployments = measurements().len();
    format!(
        "{exact} of {count} figures from {deployments} public measurements are met to the printed digit. Half of all are off by \
         at most {}, nine in ten by at most {}.",
        percent(median),
        percent(p90)
    )
}

fn row(comparison: &Comparison, contributor: Compared) -> Option<Row> {
    let Errors { count, median, p90, worst } = Errors::of(comparison.of(contributor));
    let exact = comparison.of(contributor).filter(|case| case.exact).count();
    let [median, p90, worst] = [median, p90, worst].map(percent);
    (count > 0).then_some(Row { label: contributor.label(), count, exact, median, p90, worst })
}

fn percent(share: f64) -> String {
    format!("{} %", grouped_decimal(share * 100.0, if share < 0.1 { 2 } else { 0 }))
}

fn case_row(case: &Case) -> CaseRow {
    let figure = |amount: f64| match case.contributor.is_bytes() {
        true => Bytes(amount.round() as u64).to_string(),
        false => grouped(amount.round() as u64),
    };
    let sign = if case.error < 0.0 { "−" } else { "+" };
    let cards = match case.deployment.world_size() {
        1 => case.deployment.gpu.name.to_string(),
        more => format!("{more} × {}", case.deployment.gpu.name),
    };
    CaseRow {
        label: case.contributor.label(),
        setting: format!("{}, {}, {cards}", case.deployment.model.name, case.deployment.quant_algo),
        predicted: figure(case.predicted),
        measured: figure(case.measured),
        error: if case.exact { "exact".into() } else { format!("{sign}{}", percent(case.error.abs())) },
        source: case.source.clone(),
        url: url(&case.source),
        link: link::encode(&case.deployment),
    }
}

#[cfg(test)]
mod tests {
    use crate::accuracy::shipped;
    use crate::answers::answer;
    use serde_json::Value;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked() -> Value {
        serde_json::from_str(&answer("accuracy?width=400&theme=dark")).unwrap()
    }

    #[test]
    fn every_figure_is_listed_with_its_link_and_counts_in_its_contributors_row() {
        let (answer, cases) = (asked(), shipped().cases);
        let listed = answer["cases"].as_array().unwrap();
        assert_eq!(listed.len(), cases.len());
        assert!(listed.iter().all(|case| !case["link"].as_str().unwrap().is_empty()));
        let counted: u64 =
            answer["contributors"].as_array().unwrap().iter().filter_map(|row| row["count"].as_u64()).sum();
        assert_eq!(counted as usize, cases.len());
        assert!(listed.iter().any(|case| case["error"] == "exact"));
        assert!(
            listed.iter().any(|case| case["url"].as_str().is_some_and(|url| url.starts_with("https://github.com/")))
        );
    }

    #[test]
    fn every_size_has_a_dot_that_knows_its_figure() {
        let (answer, cases) = (asked(), shipped().cases);
        let dots = answer["dots"].as_array().unwrap();
        assert_eq!(dots.len(), cases.iter().filter(|case| case.contributor.is_bytes()).count());
        for dot in dots {
            assert!(cases[dot["case"].as_u64().unwrap() as usize].contributor.is_bytes());
            assert!(dot["x"].as_u64().unwrap() <= 400 && dot["y"].as_u64().unwrap() <= 400);
        }
        assert!(answer["svg"].as_str().unwrap().starts_with("<svg width=\"400\""));
    }
}
