//! The memory of one rank as a bar without axes.

use super::bars::{Bar, giga, parts};
use super::plot::{Failure, plotted};
use super::ranks::draw_capacity;
use super::stacked_bar::{Direction, StackedBar, boxes};
use super::{Drawing, Size, Theme};
use crate::memory::{Rank, Report};
use crate::units::Units;
use plotters::prelude::*;

/// Draws one horizontal bar of the rank that limits the KV cache, as wide and as high as the
/// picture, without axes. If its memory does not suffice, a dashed line marks the capacity;
/// otherwise the bar ends there. A name and a size are written into a segment only if they fit.
pub fn strip(report: &Report, size: Size, theme: &Theme, units: Units) -> Drawing {
    let size = size.limited();
    let Some(rank) = report.kv_limiting_rank().or_else(|| report.most_used_rank()) else {
        let svg = plotted(size, |_| Ok(())).0;
        return Drawing { svg, height: size.height, hits: Vec::new(), bars: Vec::new(), capacity: 0 };
    };
    let bar = Bar::of(rank);
    let parts = parts(report, rank, &bar, units);
    let (capacity, end) = ends(rank, units);
    let (height, direction) = (size.height as i32, Direction::Right);
    let corners = [(0.0, 0), (giga(rank, units), height)];
    let (svg, (hits, capacity)) = plotted(size, |canvas| -> Result<_, Failure> {
        let mut chart = ChartBuilder::on(canvas).build_cartesian_2d(0.0..end, height..0)?;
        let x = chart.backend_coord(&(capacity, 0)).0;
        let line = (end > capacity).then_some(x.max(0).unsigned_abs());
        chart.draw_series([StackedBar { corners, index: 0, parts: &parts, direction, line, theme }])?;
        if line.is_some() {
            draw_capacity(&mut chart, capacity, [0, height], theme)?;
        }
        let hits = boxes(0, &parts, direction, corners.map(|corner| chart.backend_coord(&corner)));
        Ok((hits, x.max(0).unsigned_abs()))
    });
    Drawing { svg, height: size.height, hits, bars: vec![bar], capacity }
}

/// The capacity of a rank, and the end of the axis: the usage if it exceeds the capacity.
fn ends(rank: &Rank, units: Units) -> (f64, f64) {
    let capacity = rank.total.0 as f64 / units.giga_bytes();
    let end = giga(rank, units).max(capacity);
    (capacity, if end > 0.0 { end } else { 1.0 })
}
