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
    measurements: Vec<Measured>,
    /// The picture of those figures that are sizes.
    svg: String,
    width: u32,
    height: u32,
    dots: Vec<Told>,
}

/// The errors of one kind of figure.
#[derive(Serialize)]
struct Row {
    label: &'static str,
    /// How many there are, and how many of them are met to the printed digit.
    exact: String,
    median: String,
    p90: String,
    worst: String,
}

/// The figures of one deployment.
#[derive(Serialize)]
struct Measured {
    /// The model on its cards.
    setting: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    link: String,
    figures: Vec<Figure>,
}

/// One figure.
#[derive(Serialize)]
struct Figure {
    label: &'static str,
    predicted: String,
    measured: String,
    /// How far off, or that it is exact.
    error: String,
}

/// A dot, and what it stands for.
#[derive(Serialize)]
struct Told {
    text: String,
    x: u32,
    y: u32,
}

/// The answer, with a picture of the width and theme that are asked for.
pub fn accuracy(question: &Question) -> Accuracy {
    let comparison = shipped();
    let pixels = question.detail("width").parse().unwrap_or(480);
    let theme = if question.detail("theme") == "dark" { &Theme::DARK } else { &Theme::LIGHT };
    let sizes: Vec<(&Case, Point)> = comparison.cases.iter().filter_map(|case| Some((case, point(case)?))).collect();
    let points: Vec<Point> = sizes.iter().map(|(_, point)| *point).collect();
    let size = Size { width: pixels, height: pixels };
    let drawn = scatter(&points, size, theme);
    let told = |Dot { point, x, y }: &Dot| Told { text: told(sizes[*point].0), x: *x, y: *y };
    Accuracy {
        summary: summary(&comparison),
        contributors: Compared::ALL.into_iter().filter_map(|contributor| row(&comparison, contributor)).collect(),
        measurements: comparison.cases.chunk_by(|a, b| a.id == b.id).filter_map(measured).collect(),
        width: size.width,
        height: size.height,
        dots: drawn.dots.iter().map(told).collect(),
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
    let exact = format!("{exact} of {count}");
    (count > 0).then_some(Row { label: contributor.label(), exact, median, p90, worst })
}

fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".into(),
        hardly if hardly < 0.00005 => "< 0.01 %".into(),
        little if little < 0.1 => format!("{} %", grouped_decimal(little * 100.0, 2)),
        much => format!("{} %", grouped_decimal(much * 100.0, 0)),
    }
}

/// The figures of one deployment, which are not none.
fn measured(cases: &[Case]) -> Option<Measured> {
    let first = cases.first()?;
    Some(Measured {
        setting: setting(first),
        source: first.source.clone(),
        url: url(&first.source),
        link: link::encode(&first.deployment),
        figures: cases.iter().map(figure).collect(),
    })
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

fn figure(case: &Case) -> Figure {
    let text = |amount: f64| match case.contributor.is_bytes() {
        true => Bytes(amount.round() as u64).to_string(),
        false => grouped(amount.round() as u64),
    };
    let off = percent(case.error.abs());
    let error = match case.error {
        _ if case.exact => "exact".into(),
        _ if off.starts_with('<') => off,
        below if below < 0.0 => format!("−{off}"),
        _ => format!("+{off}"),
    };
    let (predicted, measured) = (text(case.predicted), text(case.measured));
    Figure { label: case.contributor.label(), predicted, measured, error }
}

/// A figure in a line.
fn told(case: &Case) -> String {
    let Figure { label, predicted, measured, error } = figure(case);
    format!("{label} of {}: predicted {predicted}, measured {measured} ({error}).", setting(case))
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

    fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
        value[key].as_array().unwrap()
    }

    #[test]
    fn every_figure_is_listed_with_its_configuration_and_source() {
        let (answer, cases) = (asked(), shipped().cases);
        let listed = list(&answer, "measurements");
        assert_eq!(listed.iter().map(|measured| list(measured, "figures").len()).sum::<usize>(), cases.len());
        assert!(listed.iter().all(|measured| !measured["link"].as_str().unwrap().is_empty()));
        let is_address = |measured: &Value| measured["url"].as_str().is_some_and(|url| url.starts_with("https://"));
        assert!(listed.iter().any(is_address));
        let figures = || listed.iter().flat_map(|measured| list(measured, "figures"));
        let exact = cases.iter().filter(|case| case.exact).count();
        assert_eq!(figures().filter(|figure| figure["error"] == "exact").count(), exact);
        assert!(answer["summary"].as_str().unwrap().starts_with(&format!("{exact} of {} ", cases.len())));
    }

    #[test]
    fn every_size_has_a_dot_that_tells_its_figure() {
        let (answer, cases) = (asked(), shipped().cases);
        let sizes: Vec<_> = cases.iter().filter(|case| case.contributor.is_bytes()).collect();
        let dots = list(&answer, "dots");
        assert_eq!(dots.len(), sizes.len());
        for (dot, case) in dots.iter().zip(sizes) {
            let text = dot["text"].as_str().unwrap();
            assert!(text.starts_with(case.contributor.label()) && text.contains(&case.deployment.model.name), "{text}");
            assert!(dot["x"].as_u64().unwrap() <= 400 && dot["y"].as_u64().unwrap() <= 400);
        }
        assert!(answer["svg"].as_str().unwrap().starts_with("<svg width=\"400\""));
    }
}
