//! The panels under the chart, as HTML.
//!
//! A panel is a function from a request to markup, without a browser. The page does not know the
//! contents of a panel. It acts on these attributes of the HTML:
//!
//! * `data-take="tp_size=4&…"` on a button applies these settings.
//! * `data-lock="tp_size …"` on a button with `data-take` locks these fields until another
//!   deployment is opened.
//! * `data-open="model=…&…"` on a button opens this deployment.
//! * `data-ask="sort=gpus&…"` on a button requests the panel again with these options.
//! * `data-pin="true"`, `data-pin=""` on a button pins the current deployment for comparison, or
//!   unpins it.
//! * `data-why="weights"` on a button explains that contributor, and `data-why="nvidia_smi"` the
//!   memory that nvidia-smi shows.
//! * `data-field="tp_size"` on a button moves the focus to that field.
//! * `data-part="kv_cache/0"` on `details` is unfolded if the request names it in `open`.
//! * `data-copy="id"` on a button copies the text of the element with this id.
//! * `data-save="name"`, `data-from="id"` on a button saves the text of that element as a file of
//!   this name; a name that ends in `.png` saves its picture.
//! * `data-tip="text"` on any element is the text of the panel's `data-tips` line while the pointer
//!   or the focus is on the element.
//! * `data-tips="text"` marks that line, and is its text otherwise.
//! * `data-roving` marks an element whose children the arrow keys focus and Enter clicks.
//! * `name` on an input, select or textarea requests the panel again with this option.
//! * `data-give` on a textarea, an input for files, or any element sends its text, or the file
//!   chosen or dropped there, to the worker once, because it may be long.

mod accuracy;
mod advice;
mod compare;
mod embed;
mod export;
mod file;
mod limits;
mod search;
mod share;
mod sweep;
mod why;
mod widgets;

pub(crate) use file::Subject;

use crate::protocol::{PanelId, PanelRequest};
use maud::{Markup, html};

/// Returns the HTML of a panel. `subject` is the file or text that the reader gave, which the panel
/// of files shows.
pub(crate) fn panel(request: &PanelRequest, subject: Option<&Subject>) -> Markup {
    match request.panel {
        PanelId::Accuracy => accuracy::panel(request),
        PanelId::Advice => advice::panel(request),
        PanelId::Compare => compare::panel(request),
        PanelId::Export => export::panel(request),
        PanelId::File => file::panel(request, subject),
        PanelId::Limits => limits::panel(request),
        PanelId::Search => search::panel(request),
        PanelId::Share => share::panel(request),
        PanelId::Sweep => sweep::panel(request),
        PanelId::Why => why::panel(request),
    }
}

/// The name of a field, as a button that moves the focus there.
fn field_link(key: &str) -> Markup {
    html! { button.link.key type="button" data-field=(key) { (key) } }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
use tests::answer;
