//! Charts as SVG text, drawn with plotters.
//!
//! Each chart is one of plotters: a coordinate system with a mesh, and series of elements on it.
//! The backend `svg` and the element `stacked_bar` are the project's own. They write the attributes
//! by which a pointer, a keyboard and a screen reader find a segment, and the same bytes natively
//! and in a browser. Captions, legends and tooltips belong to the page.

mod bars;
mod draw;
mod font;
mod frontier;
mod hatched;
mod memory_axis;
mod palette;
mod plot;
mod poster;
mod ranks;
mod rows;
mod scatter;
mod segment;
mod stack;
mod stacked_bar;
mod start_up;
mod strip;
mod svg;
mod sweep;
mod words;

pub use bars::Bar;
pub use frontier::{Best, FrontierDrawing, frontier};
pub use memory_axis::{MemoryAxis, Shown};
pub use palette::{Color, Theme};
pub use poster::poster;
pub use ranks::ranks;
pub use rows::{Row, rows};
pub use scatter::{Dot, Point, Scatter, scatter};
pub use segment::Segment;
pub use stack::Hit;
pub use start_up::{StartUpDrawing, start_up};
pub use strip::strip;
pub use sweep::{SweepDrawing, Target, sweep};

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
    /// title. Its segments have a role and a label.
    pub svg: String,
    /// The height of the picture.
    pub height: u32,
    /// A box for each segment that takes memory, bar by bar, each bar from its base to its end.
    /// Boxes do not overlap.
    pub hits: Vec<Hit>,
    /// The bars, from the top to the bottom.
    pub bars: Vec<Bar>,
    /// The x of the GPU's capacity.
    pub capacity: u32,
}

#[cfg(test)]
mod tests;
