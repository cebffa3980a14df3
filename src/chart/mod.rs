//! Charts as SVG text, and the boxes that a pointer can hit.
//!
//! A layout in whole pixels comes first; plotters then draws only rectangles and labels. No text is
//! measured, so that the SVG has the same bytes natively and in a browser. Captions, legends,
//! tooltips and the label of the capacity belong to the page.

mod bars;
mod changes;
mod draw;
mod font;
mod frontier;
mod memory_axis;
mod model;
mod palette;
mod plot;
mod rows;
mod scale;
mod scatter;
mod segment;
mod stack;
mod svg;
mod sweep;

pub use bars::Bar;
pub use changes::{Change, changes};
pub use frontier::{Best, FrontierDrawing, frontier};
pub use memory_axis::{MemoryAxis, Shown};
pub use model::Hit;
pub use palette::{Color, Theme};
pub use rows::{Row, rows};
pub use scatter::{Dot, Point, Scatter, scatter};
pub use segment::Segment;
pub use sweep::{SweepDrawing, Target, sweep};

use crate::deployment::Deployment;
use crate::memory::Report;
use crate::units::Units;
use model::Model;

/// The size of a picture in CSS pixels. Pictures are limited to at least 120 × 16 and at most 8192
/// × 8192.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The horizontal size.
    pub width: u32,
    /// The vertical size.
    pub height: u32,
}

impl Size {
    fn limited(self) -> Size {
        Size { width: self.width.clamp(120, 8192), height: self.height.clamp(16, 8192) }
    }
}

/// A drawn report. Positions are in pixels of the SVG's `viewBox`, from its upper left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The picture: an `<svg>` element with `width`, `height` and `viewBox`, without a role or a
    /// title.
    pub svg: String,
    /// A box for each segment that takes memory, bar by bar, each bar from its base to its end.
    /// Boxes do not overlap.
    pub hits: Vec<Hit>,
    /// The bars, in the order of their ranks.
    pub bars: Vec<Bar>,
    /// The position of the line at the GPU's capacity: its y in [`ranks`], its x in [`strip`].
    pub capacity: u32,
}

/// Draws a stacked bar for each rank, with an axis in `units` and a dashed line at the GPU's
/// capacity.
///
/// More than eight ranks, or more than the width has room for, are folded: consecutive ranks that
/// use their memory in the same way share a bar. If that is not enough, consecutive bars are merged
/// into one that shows the rank with the highest usage.
///
/// ```
/// use trtllm_memory::chart::{self, Size, Theme};
/// use trtllm_memory::{link, memory::estimate, units::Units};
/// let report = estimate(&link::decode("tp_size=2").deployment).unwrap();
/// let size = Size { width: 480, height: 320 };
/// let drawing = chart::ranks(&report, size, &Theme::LIGHT, Units::Binary);
/// assert!(drawing.svg.starts_with("<svg width=\"480\" height=\"320\" viewBox=\"0 0 480 320\""));
/// assert_eq!(drawing.bars[1].label, "GPU 1");
/// ```
pub fn ranks(report: &Report, size: Size, theme: &Theme, units: Units) -> Drawing {
    draw::draw_model(Model::ranks(report, size.limited(), units), theme)
}

/// Draws the picture of [`ranks`] for use on its own: on paper, with a title, a legend and the
/// capacity as text.
pub fn poster(deployment: &Deployment, report: &Report, size: Size, theme: &Theme, units: Units) -> String {
    let (model, gpu) = (&deployment.model.name, deployment.gpu.name);
    let title = format!(
        "{model}, {}, on {} × {gpu}; {} of each GPU",
        deployment.precision.quant_algo,
        deployment.world_size(),
        units.giga()
    );
    let model = Model::ranks(report, size.limited(), units);
    let names = Segment::ALL.map(|segment| (theme.segment(segment), segment.label_in(report)));
    let capacity = report.ranks.iter().map(|rank| rank.total).max().unwrap_or_default();
    let capacity = capacity.display(units).to_string();
    draw::draw_poster(&model, &names, &title, &capacity, theme)
}

/// Draws one horizontal bar of the rank that limits the KV cache, as wide as the picture, without
/// axes. If its memory does not suffice, a dashed line marks the capacity; otherwise the bar ends
/// there.
pub fn strip(report: &Report, size: Size, theme: &Theme) -> Drawing {
    draw::draw_model(Model::strip(report, size.limited()), theme)
}

#[cfg(test)]
mod tests;
