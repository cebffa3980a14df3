//! The views, one component a file.

mod app;
mod bars;
mod brief;
mod embedded;
mod figures;
mod footer;
mod header;
mod help;
mod inputs;
mod last_valid;
mod page;
mod panel;
mod picture;
mod places;
mod pointing;
mod print_head;
mod rank_columns;
mod repairs;
mod report_sheet;
mod segmented;
mod share;
mod stage;
mod start_up;
mod summaries;
mod swatch;
mod tabs;
mod tooltip;
mod verdict;
mod warnings;

pub(super) use app::App;
