//! Answers to the requests of the page.

use super::given::Given;
use super::{help, repair_link, repairs, slider_limits};
use crate::memory::explain;
use crate::panels;
use crate::protocol::{PanelId, Request};
use maud::html;

/// Returns the answer to a request: HTML for a panel, text for anything else. HTML contains the
/// text of the request and of `given` only in escaped form.
pub fn answer(request: &Request, given: &Given) -> String {
    match request {
        Request::Panel(request) => {
            let example = (request.panel == PanelId::File && request.option("example").is_some()).then(Given::example);
            let subject = example.as_ref().unwrap_or(given).subject(request.view.units);
            panels::panel(request, subject).into_string()
        }
        Request::Formula { deployment, contributor, rank } => {
            let explained = explain(deployment, *rank).unwrap_or_default();
            let found = explained.into_iter().find(|(explained, _)| explained == contributor);
            found.map_or_else(String::new, |(_, explanation)| explanation.formula)
        }
        Request::SliderLimits { deployment } => slider_limits::pairs(deployment),
        Request::Repairs { deployment } => repairs::lines(deployment),
        Request::Help => help::lines(),
        Request::RepairLink { text } => repair_link::lines(text),
    }
}

/// Parses a request and returns its answer. If the request cannot be parsed, the answer is an error
/// message as HTML.
///
/// ```
/// use trtllm_memory::worker::{Given, answer_text};
/// let html = answer_text("panel=why&contributor=weights&link=tp_size%3D2", &Given::default());
/// assert!(html.contains("Weights"));
/// ```
pub fn answer_text(request: &str, given: &Given) -> String {
    match request.parse() {
        Ok(request) => answer(&request, given),
        Err(error) => html! { p.problem { (error) } }.into_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Units;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn answered(request: &str) -> String {
        answer_text(request, &Given::default())
    }

    #[test]
    fn whatever_is_asked_stands_there_as_text() {
        let html = answered("panel=%3Cscript%3Ealert(1)%3C/script%3E");
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    }

    #[test]
    fn every_panel_shows_sizes_in_the_units_that_are_asked_for() {
        let sizes = |html: &str, unit: &str| html.matches(&format!(" {unit}")).count();
        for panel in [
            "why",
            "sweep",
            "search",
            "advice",
            "compare&compared=v%3D1%26compare%3Dtp_size%253D2",
            "export",
            "accuracy",
        ] {
            let decimal = answered(&format!("panel={panel}&units=GB&link=max_batch_size%3D64&width=800"));
            let binary = answered(&format!("panel={panel}&link=max_batch_size%3D64&width=800"));
            assert!(sizes(&decimal, "GB") > 0 || panel == "advice", "{panel}: {decimal}");
            assert!(!decimal.contains("GiB"), "{panel}: {decimal}");
            assert!(!sizes(&binary, "GB") > 0, "{panel}: {binary}");
        }
    }

    #[test]
    fn the_tooltip_has_the_formula_of_a_figure() {
        // The blocks that TensorRT places side by side; the panel has a row for each.
        let formula = answered("ask=formula&contributor=activations&link=v%3D1");
        let blocks: Vec<&str> = formula.split(" + ").collect();
        let panel = answered("panel=why&contributor=activations&link=v%3D1");
        assert!(blocks.len() > 2 && blocks.iter().all(|block| panel.contains(block)), "{formula}");
        assert_eq!(answered("ask=formula&link=tp_size%3D3"), "");
    }

    #[test]
    fn a_given_log_is_analyzed_once_for_each_of_the_units() {
        let given = Given::example();
        let request = |units: &str, open: &str| format!("panel=file&units={units}&open={open}");
        let first = answer_text(&request("GiB", ""), &given);
        let analyzed = |units: Units| std::ptr::from_ref(given.subject(units).unwrap());
        let before = Units::ALL.map(analyzed);
        let unfolded = answer_text(&request("GiB", "unread"), &given);
        assert_eq!(Units::ALL.map(analyzed), before);
        assert!(first.contains("1,134.01 MiB") && unfolded.contains("1,134.01 MiB"));
        assert!(answer_text(&request("GB", ""), &given).contains("1.19 GB"));
    }
}
