//! What stands under the chart, as HTML.
//!
//! A panel is a function from a request, which is a text of pairs like a link's, to markup. The page asks for it in a worker,
//! so that the first picture needn't load the laws in their second reading, searches and readers of files, and so that
//! no answer, however long it takes, keeps the page from painting. The page knows nothing of what a panel
//! shows; it knows what a few attributes mean:
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
mod address;
mod advice;
mod compare;
mod export;
mod file;
mod helps;
mod limits;
mod search;
mod share;
mod sweep;
mod ticks;
mod why;
mod widgets;

use crate::deployment::Deployment;
use crate::link;
use crate::units::Prefixes;
use maud::{Markup, html};

/// What is asked: a panel, the deployment it is about, and the panel's own options.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    panel: String,
    deployment: Deployment,
    options: Vec<(String, String)>,
}

impl Request {
    /// The request that a text says: `panel=why&link=tp_size%3D4&contributor=weights`. Whatever it doesn't say is missing.
    pub(crate) fn parse(text: &str) -> Request {
        let (mut panel, mut deployment, mut options) = (String::new(), Deployment::default(), Vec::new());
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            match &*key {
                "panel" => panel = value.into_owned(),
                "link" => deployment = link::decode(&value).deployment,
                _ => options.push((key.into_owned(), value.into_owned())),
            }
        }
        Request { panel, deployment, options }
    }

    /// The deployment that the panel is about.
    pub(crate) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// An option; the last where it was given several times, `None` where it is missing or empty.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let mut found = self.options.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a checkbox is on; `usual` until it was touched.
    pub(crate) fn is_on(&self, name: &str, usual: bool) -> bool {
        let found = self.options.iter().rev().find(|(key, _)| key == name);
        found.map_or(usual, |(_, value)| !value.is_empty())
    }

    /// An option that is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.option(name)?.parse().ok()
    }

    /// Whether this part is to be unfolded.
    pub(crate) fn unfolds(&self, part: &str) -> bool {
        self.options.iter().any(|(key, value)| key == "open" && value == part)
    }
}

/// The answer to a request, as HTML. Whatever the request holds, it stands there as text. Sizes are in `units`, GiB or GB.
///
/// ```
/// let html = trtllm_memory::answer("panel=why&contributor=weights&link=tp_size%3D2");
/// assert!(html.contains("Weights"));
/// ```
pub fn answer(request: &str) -> String {
    answer_about(request, &[])
}

/// The answer to a request beside what a person gave last: a file, or a text.
pub fn answer_about(request: &str, given: &[u8]) -> String {
    let request = Request::parse(request);
    let before = request.option("units").and_then(Prefixes::of).unwrap_or_default().show();
    let markup = match request.panel.as_str() {
        "accuracy" => accuracy::panel(&request),
        "address" => maud::PreEscaped(address::lines(&request)),
        "advice" => advice::panel(&request),
        "compare" => compare::panel(&request),
        "file" => file::panel(&request, given),
        "limits" => limits::panel(&request),
        "search" => search::panel(&request),
        "share" => share::panel(&request),
        "sweep" => sweep::panel(&request),
        "take-away" => export::panel(&request),
        "ticks" => ticks::ticks(&request),
        "why" => why::panel(&request),
        "formula" => why::formula(&request),
        "helps" => maud::PreEscaped(helps::lines()),
        unknown => html! { p.problem { "There is no panel " (unknown) "." } },
    };
    before.show();
    markup.into_string()
}

/// The name of a field, as a button that leads there.
fn field_link(key: &str) -> Markup {
    html! { button.link.key type="button" data-field=(key) { (key) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn whatever_is_asked_stands_there_as_text() {
        let html = answer("panel=%3Cscript%3Ealert(1)%3C/script%3E");
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    }

    #[test]
    fn every_panel_shows_sizes_in_the_units_that_are_asked_for() {
        let sizes = |html: &str, unit: &str| html.matches(&format!(" {unit}")).count();
        for panel in
            ["why", "sweep", "search", "advice", "compare&compared=v%3D1%26compare%3Dtp_size%253D2", "take-away"]
        {
            let decimal = answer(&format!("panel={panel}&units=GB&link=max_batch_size%3D64&width=800"));
            let binary = answer(&format!("panel={panel}&link=max_batch_size%3D64&width=800"));
            assert!(sizes(&decimal, "GB") > 0 || panel == "advice", "{panel}: {decimal}");
            assert!(!decimal.contains("GiB"), "{panel}: {decimal}");
            assert!(!sizes(&binary, "GB") > 0, "{panel}: {binary}");
        }
    }

    #[test]
    fn the_last_of_several_options_counts_and_an_empty_one_is_missing() {
        let request = Request::parse("panel=why&rank=1&rank=2&open=a&open=b&sort=");
        assert_eq!(request.number("rank"), Some(2));
        assert_eq!(request.option("sort"), None);
        assert!(request.unfolds("a") && request.unfolds("b") && !request.unfolds("c"));
    }
}
