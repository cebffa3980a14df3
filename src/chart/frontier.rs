//! Deployments as dots over their GPUs and concurrent requests, and the frontier of the best ones.

use super::draw::{Canvas, rgb};
use super::plot::{BELOW, Failure, LEFT, MARGIN, plotted, powers_of_two, style_axes, tick};
use super::{Size, Theme};
use crate::explore::search::{Candidate, frontier as unbeaten};
use plotters::prelude::*;

/// Space above and to the right of the plot, so that dots at its edge are not cut off.
const EDGE: u32 = 16;
/// The radii of dots on the frontier and of other dots.
const RADII: (i32, i32) = (4, 2);

/// A dot on the frontier, in pixels of the SVG's `viewBox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// The index of the candidate.
    pub candidate: usize,
    /// Its horizontal position.
    pub x: u32,
    /// Its vertical position.
    pub y: u32,
}

/// A drawing of candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontierDrawing {
    /// The picture, as [`Drawing::svg`](super::Drawing::svg).
    pub svg: String,
    /// The candidates on the frontier, by their GPUs. No other candidate has fewer GPUs and more
    /// requests.
    pub best: Vec<Best>,
}

/// Draws a dot for each candidate on two logarithmic axes: GPUs to the right, concurrent requests
/// upwards. The dots of the frontier are larger and connected by steps.
pub fn frontier(candidates: &[Candidate], size: Size, theme: &Theme) -> FrontierDrawing {
    let size = size.limited();
    let size = Size { width: size.width.max(200), height: size.height.max(120) };
    let (svg, best) = plotted(size, |canvas| draw(canvas, candidates, size, theme));
    FrontierDrawing { svg, best }
}

/// The powers of two around some numbers, at least one doubling apart.
fn range(numbers: impl Iterator<Item = u64> + Clone) -> (f64, f64) {
    let first = 2f64.powi(numbers.clone().min().unwrap_or(1).max(1).ilog2() as i32);
    let most = numbers.max().unwrap_or(1).max(1);
    let last = 2f64.powi((most.ilog2() + u32::from(!most.is_power_of_two())) as i32);
    (first, last.max(first * 2.0))
}

fn draw(canvas: &Canvas<'_>, all: &[Candidate], size: Size, theme: &Theme) -> Result<Vec<Best>, Failure> {
    let (gpus, requests) = (range(all.iter().map(|one| one.gpus)), range(all.iter().map(|one| one.concurrency)));
    let (width, height) = (size.width - LEFT - EDGE, size.height - BELOW - EDGE);
    let axis = |(from, to): (f64, f64), length, is_vertical| {
        (from..to).log_scale().base(2.0).with_key_points(powers_of_two(from, to, length, is_vertical))
    };
    let mut chart = ChartBuilder::on(canvas)
        .margin_top(EDGE)
        .margin_right(EDGE)
        .margin_bottom(MARGIN)
        .x_label_area_size(BELOW - MARGIN)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(axis(gpus, width, false), axis(requests, height, true))?;
    let label = |number: &f64| tick(*number);
    let mut mesh = chart.configure_mesh();
    style_axes(&mut mesh, size, theme);
    mesh.x_label_formatter(&label).y_label_formatter(&label).x_desc("GPUs").y_desc("concurrent requests").draw()?;
    let place = |one: &Candidate| (one.gpus.max(1) as f64, one.concurrency.max(1) as f64);
    // Many candidates share a place, or lie within the radius of a dot below another one: one dot
    // shows them all.
    let mut places: Vec<(i32, i32)> = all.iter().map(|one| chart.backend_coord(&place(one))).collect();
    places.sort_unstable();
    places.dedup_by(|(x, y), (kept_x, kept_y)| x == kept_x && y.abs_diff(*kept_y) <= RADII.1.unsigned_abs());
    for place in places {
        canvas.draw(&Circle::new(place, RADII.1, rgb(theme.contributors[1]).filled()))?;
    }
    let best = unbeaten(all);
    let mut steps: Vec<(f64, f64)> = Vec::with_capacity(2 * best.len());
    for (gpus, requests) in best.iter().map(|candidate| place(&all[*candidate])) {
        steps.extend(steps.last().map(|(_, before)| (gpus, *before)));
        steps.push((gpus, requests));
    }
    let dots: Vec<(f64, f64)> = best.iter().map(|candidate| place(&all[*candidate])).collect();
    let (color, paper) = (rgb(theme.contributors[0]), rgb(theme.paper));
    if steps.len() > 1 {
        chart.draw_series([PathElement::new(steps, color)])?;
    }
    chart.draw_series(dots.iter().flat_map(|dot| {
        [Circle::new(*dot, RADII.0 + 1, paper.filled()), Circle::new(*dot, RADII.0, color.filled())]
    }))?;
    let located = |(candidate, dot): (usize, &(f64, f64))| {
        let (x, y) = chart.backend_coord(dot);
        Best { candidate, x: x.max(0) as u32, y: y.max(0) as u32 }
    };
    Ok(best.into_iter().zip(&dots).map(located).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{Backend, Deployment};
    use crate::explore::Load;
    use crate::explore::search::{Search, Space};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SIZE: Size = Size { width: 480, height: 240 };

    fn searched() -> Search {
        let load = Load { concurrency: 8, input_len: 1000, output_len: 500 };
        let gpus = ["h100", "l4"].into_iter().filter_map(crate::gpu::find).collect();
        let mut search = Search::new(&Deployment::engine(), load, Space::on(gpus, Backend::TensorRt));
        assert!(search.step(usize::MAX));
        search
    }

    #[test]
    fn the_frontier_rises_to_the_right_inside_the_picture() {
        let search = searched();
        let drawing = frontier(search.found(), SIZE, &Theme::LIGHT);
        assert!(drawing.best.len() > 1);
        assert!(drawing.best.windows(2).all(|pair| pair[0].x < pair[1].x && pair[0].y >= pair[1].y));
        assert!(drawing.best.iter().all(|dot| dot.x < SIZE.width && dot.y < SIZE.height));
        let places: Vec<usize> = drawing.best.iter().map(|dot| dot.candidate).collect();
        assert_eq!(places, unbeaten(search.found()));
    }

    #[test]
    fn one_dot_shows_candidates_whose_dots_would_cover_each_other() {
        let search = searched();
        let one = search.found()[0].clone();
        let dots = |all: &[Candidate]| {
            let drawing = frontier(all, SIZE, &Theme::LIGHT);
            drawing.svg.matches("<circle").count() - 2 * drawing.best.len()
        };
        let with = |concurrency| Candidate { concurrency, ..one.clone() };
        assert_eq!(dots(&[with(8), with(1000), with(1001)]), 2);
        assert_eq!(dots(&[with(8), with(500), with(1000)]), 3);
    }

    #[test]
    fn nothing_found_is_drawn() {
        let drawing = frontier(&[], SIZE, &Theme::DARK);
        assert!(drawing.best.is_empty() && drawing.svg.starts_with("<svg"));
    }
}
