//! The panels under the chart, as HTML.
//!
//! A panel is a function from a request to markup. It knows nothing of the browser, and the page knows
//! nothing of a panel's contents: the page acts on a few attributes of the HTML.
//!
//! | attribute | of | means |
//! | --- | --- | --- |
//! | `data-take="tp_size=4&…"` | a button | changes these settings |
//! | `data-lock="tp_size …"` | a button with `data-take` | locks these fields, until another deployment is opened |
//! | `data-open="model=…&…"` | a button | opens this deployment |
//! | `data-ask="sort=gpus&…"` | a button | asks this panel again, with these options |
//! | `data-pin="true"`, `data-pin=""` | a button | pins the present deployment for comparison, or none |
//! | `data-field="tp_size"` | a button | leads to that field |
//! | `data-part="kv_cache/0"` | `details` | unfolds when it is asked for with this `open` |
//! | `data-copy="id"` | a button | copies the text of the element with this id |
//! | `data-save="name"`, `data-from="id"` | a button | saves that text as a file of this name; a name that ends in `.png` saves the picture in it |
//! | `data-tip="text"` | any | is said by the panel's `data-tips` while it is pointed at |
//! | `data-tips="text"` | a line | says this while nothing is pointed at that has a tip |
//! | `data-roving` | any | has parts among which the arrow keys move the focus, and which Enter clicks |
//! | `name` | an input, select or textarea | asks this panel again, with this option |
//! | `data-give` | a textarea, an input for files, or any | its text, or the file chosen or dropped there, is given to the worker, which keeps it: what may be long is sent once |

mod accuracy;
mod advice;
mod compare;
mod export;
mod file;
mod limits;
mod search;
mod share;
mod sweep;
mod why;
mod widgets;

pub use file::Subject;

use crate::worker::protocol::{PanelId, PanelRequest};
use maud::{Markup, html};

/// Returns the HTML of a panel. `subject` is the file or text that the reader gave, which the panel
/// of files shows.
pub fn panel(request: &PanelRequest, subject: Option<&Subject>) -> Markup {
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

/// The name of a field, as a button that leads there.
fn field_link(key: &str) -> Markup {
    html! { button.link.key type="button" data-field=(key) { (key) } }
}

/// Returns the answer to a request when nothing was given.
#[cfg(test)]
fn answer(request: &str) -> String {
    crate::worker::answer_text(request, &crate::worker::Given::default())
}
