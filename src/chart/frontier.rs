//! Deployments as dots over their GPUs and sequences, and the frontier of the best ones.

use super::draw::{Canvas, Drawn, drawing, fill, rgb, write};
use super::model::{Area, Label};
use super::{Size, Theme};
use crate::explore::search::{Candidate, frontier as unbeaten};
use crate::units::grouped;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Space to the left of the plot, for the ticks.
const LEFT: u32 = 72;
/// Space below the plot, for the ticks.
const BOTTOM: u32 = 28;
/// Space above and to the right of the plot, so that dots at its edge are not cut off.
const EDGE: u32 = 16;
/// Space between a tick's label and the plot.
const LABEL_GAP: u32 = 8;
/// The least distance between ticks of the vertical axis, in pixels.
const TICK_DISTANCE: u32 = 32;
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
    /// sequences.
    pub best: Vec<Best>,
}

/// Draws a dot for each candidate on two logarithmic axes: GPUs to the right, concurrent sequences
/// upwards. The dots of the frontier are larger and connected by steps.
pub fn frontier(candidates: &[Candidate], size: Size, theme: &Theme) -> FrontierDrawing {
    let size = size.limited();
    let size = Size { width: size.width.max(200), height: size.height.max(120) };
    let most = |of: fn(&Candidate) -> u64| candidates.iter().map(of).max().unwrap_or(1).max(2);
    let least = candidates.iter().map(|one| one.concurrency).min().unwrap_or(1).max(1);
    let plot = Plot {
        size,
        gpus: doublings(most(|one| one.gpus)),
        sequences: (least.ilog2(), doublings(most(|one| one.concurrency)).max(least.ilog2() + 1)),
    };
    let best: Vec<Best> = unbeaten(candidates)
        .into_iter()
        .map(|candidate| Best {
            candidate,
            x: plot.x(candidates[candidate].gpus),
            y: plot.y(candidates[candidate].concurrency),
        })
        .collect();
    let svg = drawing(size, |canvas| plot.draw(canvas, candidates, &best, theme));
    FrontierDrawing { svg, best }
}

/// The exponent of the smallest power of two that is not below a number.
fn doublings(number: u64) -> u32 {
    number.max(1).ilog2() + u32::from(!number.is_power_of_two())
}

/// Two logarithmic axes.
struct Plot {
    size: Size,
    /// The exponent of the largest number of GPUs; the smallest exponent is 0.
    gpus: u32,
    /// The smallest and the largest exponent of the sequences.
    sequences: (u32, u32),
}

impl Plot {
    fn x(&self, gpus: u64) -> u32 {
        let share = (gpus.max(1) as f64).log2() / f64::from(self.gpus.max(1));
        LEFT + (share.clamp(0.0, 1.0) * f64::from(self.size.width - LEFT - EDGE)).round() as u32
    }

    fn y(&self, sequences: u64) -> u32 {
        let (first, last) = self.sequences;
        let share = ((sequences.max(1) as f64).log2() - f64::from(first)) / f64::from(last - first);
        self.base() - (share.clamp(0.0, 1.0) * f64::from(self.base() - EDGE)).round() as u32
    }

    fn base(&self) -> u32 {
        self.size.height - BOTTOM
    }

    fn draw<'a>(&self, canvas: &Canvas<'a>, all: &[Candidate], best: &[Best], theme: &Theme) -> Drawn<'a> {
        let width = self.size.width - LEFT - EDGE;
        for power in 0..=self.gpus {
            let x = self.x(1 << power);
            fill(canvas, Area { x, y: EDGE, width: 1, height: self.base() - EDGE }, theme.grid)?;
            let label = Label { x, y: self.base() + LABEL_GAP, text: grouped(1 << power) };
            write(canvas, &label, Pos::new(HPos::Center, VPos::Top), theme.faint)?;
        }
        let (first, last) = self.sequences;
        let room = ((self.base() - EDGE) / TICK_DISTANCE).max(1);
        for power in (first..=last).step_by((last - first).div_ceil(room).max(1) as usize) {
            let y = self.y(1u64.checked_shl(power).unwrap_or(u64::MAX));
            fill(canvas, Area { x: LEFT, y, width, height: 1 }, theme.grid)?;
            let text = grouped(1u64.checked_shl(power).unwrap_or(u64::MAX));
            let label = Label { x: LEFT - LABEL_GAP, y, text };
            write(canvas, &label, Pos::new(HPos::Right, VPos::Center), theme.faint)?;
        }
        // Many candidates share a place, or lie within the radius of a dot below another one: one
        // dot shows them all.
        let mut places: Vec<(u32, u32)> = all.iter().map(|one| (self.x(one.gpus), self.y(one.concurrency))).collect();
        places.sort_unstable();
        places.dedup_by(|(x, y), (kept_x, kept_y)| x == kept_x && y.abs_diff(*kept_y) <= RADII.1.unsigned_abs());
        for (x, y) in places {
            canvas.draw(&Circle::new((x as i32, y as i32), RADII.1, rgb(theme.contributors[1]).filled()))?;
        }
        let mut steps: Vec<(i32, i32)> = Vec::with_capacity(2 * best.len());
        for dot in best {
            let (x, y) = (dot.x as i32, dot.y as i32);
            steps.extend(steps.last().map(|(_, before)| (x, *before)));
            steps.push((x, y));
        }
        if steps.len() > 1 {
            canvas.draw(&PathElement::new(steps, rgb(theme.contributors[0])))?;
        }
        for dot in best {
            let middle = (dot.x as i32, dot.y as i32);
            canvas.draw(&Circle::new(middle, RADII.0 + 1, rgb(theme.paper).filled()))?;
            canvas.draw(&Circle::new(middle, RADII.0, rgb(theme.contributors[0]).filled()))?;
        }
        Ok(())
    }
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
        let mut search = Search::new(&Deployment::default(), load, Space::on(gpus, Backend::TensorRt));
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
