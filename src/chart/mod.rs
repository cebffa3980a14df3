//! Pure drawing: a report as SVG text, with the boxes that a pointer may hit.
//!
//! Where everything stands is settled in whole pixels by a model that knows no SVG; plotters then only draws
//! rectangles and labels. No text is ever measured, so that the SVG is the same, byte for byte, natively and in
//! the browser. Captions, legends and tooltips are the page's, as is the capacity's label.

mod bars;
mod changes;
mod draw;
mod frontier;
mod model;
mod palette;
mod scale;
mod scatter;
mod segment;
mod stack;
mod svg;
mod sweep;

pub use bars::Bar;
pub use changes::{Change, changes};
pub use frontier::{Best, FrontierDrawing, frontier};
pub use model::Hit;
pub use palette::{Colour, Theme};
pub use scatter::{Dot, Point, Scatter, scatter};
pub use segment::Segment;
pub use sweep::{Row, SweepDrawing, Target, rows, sweep};

use crate::deployment::Deployment;
use crate::memory::Report;
use crate::units::giga;
use model::Model;

/// The size of a picture in CSS pixels. A picture is never smaller than 120 × 16 nor larger than 8192 × 8192.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Size {
    fn limited(self) -> Size {
        Size { width: self.width.clamp(120, 8192), height: self.height.clamp(16, 8192) }
    }
}

/// A drawn report. All places are pixels of the SVG's `viewBox`, from its upper left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The picture: an `<svg>` element with `width`, `height` and `viewBox`, and neither role nor title.
    pub svg: String,
    /// A box for each segment that takes memory, bar by bar, each bar from its base to its end. They don't overlap.
    pub hits: Vec<Hit>,
    /// The bars, in the order of their ranks.
    pub bars: Vec<Bar>,
    /// Where the line of the GPU's capacity is: its y in [`ranks`], its x in [`strip`].
    pub capacity: u32,
}

/// A stacked bar for each rank, with an axis in GiB and a dashed line at the GPU's capacity.
///
/// More than eight ranks, or more than the width has room for, are folded: consecutive ranks that use their memory
/// alike share a bar. Where these are still too many, neighbouring ones share a bar that shows the fullest of them.
///
/// ```
/// use trtllm_memory::{chart::{self, Size, Theme}, link, memory::estimate};
/// let report = estimate(&link::decode("tp_size=2").deployment).unwrap();
/// let drawing = chart::ranks(&report, Size { width: 480, height: 320 }, &Theme::LIGHT);
/// assert!(drawing.svg.starts_with("<svg width=\"480\" height=\"320\" viewBox=\"0 0 480 320\""));
/// assert_eq!(drawing.bars[1].label, "GPU 1");
/// ```
pub fn ranks(report: &Report, size: Size, theme: &Theme) -> Drawing {
    draw::draw_model(Model::ranks(report, size.limited()), theme)
}

/// The picture of [`ranks`] to stand alone: on paper, with a legend, what it is of, and the capacity in words.
pub fn poster(deployment: &Deployment, report: &Report, size: Size, theme: &Theme) -> String {
    let (model, gpu) = (&deployment.model.name, deployment.gpu.name);
    let title = format!(
        "{model}, {}, on {} × {gpu}; {} of each GPU",
        deployment.precision.quant_algo,
        deployment.world_size(),
        giga()
    );
    let model = Model::ranks(report, size.limited());
    let names = Segment::ALL.map(|segment| (theme.segment(segment), segment.label_in(report)));
    let capacity = report.ranks.iter().map(|rank| rank.total).max().unwrap_or_default().to_string();
    draw::draw_poster(&model, &names, &title, &capacity, theme)
}

/// One horizontal bar of the rank that decides, as wide as the picture, without axes. A dashed line marks the capacity where
/// the rank's memory doesn't suffice; else the bar ends there.
pub fn strip(report: &Report, size: Size, theme: &Theme) -> Drawing {
    draw::draw_model(Model::strip(report, size.limited()), theme)
}

#[cfg(test)]
mod tests;
