//! The requests of the page to the worker, as types and as text.
//!
//! On the wire a request is a form-encoded list of pairs. It begins with `panel=NAME` for a panel
//! and with `ask=NAME` for anything else. A pair that is absent stands for its default.

mod panel_id;
mod repair;

pub use panel_id::{PanelGroup, PanelId};
pub use repair::{InvalidRepair, Repair};

use crate::deployment::Deployment;
use crate::link;
use crate::memory::Contributor;
use crate::units::{Units, count};
use form_urlencoded::Serializer;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A request of the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// The HTML of a panel.
    Panel(PanelRequest),
    /// The formula of a figure, for a tooltip.
    Formula {
        /// The deployment that the figure belongs to.
        deployment: Deployment,
        /// The contributor whose size it is.
        contributor: Contributor,
        /// The rank that it is on.
        rank: u64,
    },
    /// The values at which the sliders stop fitting.
    SliderLimits {
        /// The deployment that the sliders change.
        deployment: Deployment,
    },
    /// The changes that repair a deployment which is impossible or doesn't fit. The answer has a
    /// [`Repair`] on each line.
    Repairs {
        /// The deployment.
        deployment: Deployment,
    },
    /// The help texts of all settings.
    Help,
    /// The link that an address stands for, and warnings about its mistakes.
    RepairLink {
        /// The address.
        text: String,
    },
}

/// A request for a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRequest {
    /// The panel.
    pub panel: PanelId,
    /// The deployment that the panel is about.
    pub deployment: Deployment,
    /// The appearance of the page.
    pub view: View,
    /// The panel's own options, as pairs. The panel's HTML names those that the reader sets.
    pub options: Vec<(String, String)>,
    /// The `data-part` names of the parts to unfold.
    pub unfolded: Vec<String>,
}

/// The appearance of the page, as far as it changes the HTML of a panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// The width of the panel in CSS pixels, if known.
    pub width: Option<u32>,
    /// Whether the page is dark.
    pub is_dark: bool,
    /// The units of sizes.
    pub units: Units,
}

impl PanelRequest {
    /// A request for a panel about the default deployment, without options.
    pub fn new(panel: PanelId) -> PanelRequest {
        PanelRequest {
            panel,
            deployment: Deployment::default(),
            view: View::default(),
            options: Vec::new(),
            unfolded: Vec::new(),
        }
    }

    /// The last value of an option; `None` if absent or empty.
    pub fn option(&self, name: &str) -> Option<&str> {
        let mut found = self.options.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a checkbox is on; `default` if the reader never changed it.
    pub fn is_on(&self, name: &str, default: bool) -> bool {
        let found = self.options.iter().rev().find(|(key, _)| key == name);
        found.map_or(default, |(_, value)| !value.is_empty())
    }

    /// An option as a whole number, as [`count`] parses it; `None` if absent or not a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        count(self.option(name)?)
    }

    /// Whether a part is to be unfolded.
    pub fn unfolds(&self, part: &str) -> bool {
        self.unfolded.iter().any(|unfolded| unfolded == part)
    }
}

impl Request {
    /// Whether the answer needs the file or text that the reader gave.
    pub fn needs_given(&self) -> bool {
        matches!(self, Request::Panel(request) if request.panel == PanelId::File && request.option("example").is_none())
    }
}

/// The request as text.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Serializer::new(String::new());
        match self {
            Request::Panel(request) => {
                let View { width, is_dark, units } = request.view;
                pairs.append_pair("panel", request.panel.name());
                pairs.append_pair("link", &link::encode(&request.deployment));
                if let Some(width) = width {
                    pairs.append_pair("width", &width.to_string());
                }
                pairs.append_pair("theme", if is_dark { "dark" } else { "light" });
                pairs.append_pair("units", units.giga());
                pairs.extend_pairs(&request.options);
                pairs.extend_pairs(request.unfolded.iter().map(|part| ("open", part)));
            }
            Request::Formula { deployment, contributor, rank } => {
                pairs.append_pair("ask", "formula");
                pairs.append_pair("link", &link::encode(deployment));
                pairs.append_pair("contributor", contributor.key());
                pairs.append_pair("rank", &rank.to_string());
            }
            Request::SliderLimits { deployment } => {
                pairs.append_pair("ask", "slider_limits").append_pair("link", &link::encode(deployment));
            }
            Request::Repairs { deployment } => {
                pairs.append_pair("ask", "repairs").append_pair("link", &link::encode(deployment));
            }
            Request::Help => {
                pairs.append_pair("ask", "help");
            }
            Request::RepairLink { text } => {
                pairs.append_pair("ask", "repair_link").append_pair("text", text);
            }
        }
        f.write_str(&pairs.finish())
    }
}

/// The error of a text that is not a request: it names no panel and nothing else to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("There is no panel {0}.")]
pub struct UnknownRequest(pub String);

/// Parses a request. A repeated pair has its last value; a value that cannot be parsed has its
/// default.
impl FromStr for Request {
    type Err = UnknownRequest;

    fn from_str(text: &str) -> Result<Request, UnknownRequest> {
        let (mut panel, mut ask) = (String::new(), String::new());
        let mut request = PanelRequest::new(PanelId::Why);
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            match &*key {
                "panel" => panel = value.into_owned(),
                "ask" => ask = value.into_owned(),
                "link" => request.deployment = link::decode(&value).deployment,
                "width" => request.view.width = value.parse().ok().map(narrowed),
                "theme" => request.view.is_dark = value == "dark",
                "units" => request.view.units = value.parse().unwrap_or_default(),
                "open" => request.unfolded.push(value.into_owned()),
                _ => request.options.push((key.into_owned(), value.into_owned())),
            }
        }
        match ask.as_str() {
            "" => {
                request.panel = panel.parse()?;
                Ok(Request::Panel(request))
            }
            "formula" => {
                let contributor = request.option("contributor").and_then(|key| key.parse().ok());
                Ok(Request::Formula {
                    contributor: contributor.unwrap_or(Contributor::KvCache),
                    rank: request.number("rank").unwrap_or(0),
                    deployment: request.deployment,
                })
            }
            "slider_limits" => Ok(Request::SliderLimits { deployment: request.deployment }),
            "repairs" => Ok(Request::Repairs { deployment: request.deployment }),
            "help" => Ok(Request::Help),
            "repair_link" => Ok(Request::RepairLink { text: request.option("text").unwrap_or_default().into() }),
            _ => Err(UnknownRequest(ask)),
        }
    }
}

/// A width that fits its type.
fn narrowed(width: u64) -> u32 {
    width.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{BuildLimits, Parallelism};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn parsed(text: &str) -> PanelRequest {
        match text.parse() {
            Ok(Request::Panel(request)) => request,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_request_survives_its_text() {
        let deployment = Deployment {
            parallel: Parallelism { tp_size: 2, ..Parallelism::default() },
            limits: BuildLimits { max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::default()
        };
        let mut requests: Vec<Request> = PanelId::ALL
            .into_iter()
            .map(|panel| {
                Request::Panel(PanelRequest {
                    panel,
                    deployment: deployment.clone(),
                    view: View { width: Some(640), is_dark: true, units: Units::Decimal },
                    options: vec![("sort".into(), "gpus".into()), ("filter".into(), "a&b=c +%é<\n".into())],
                    unfolded: vec!["kv_cache/0".into(), "gpus".into()],
                })
            })
            .collect();
        requests.extend([
            Request::Panel(PanelRequest::new(PanelId::File)),
            Request::Formula { deployment: deployment.clone(), contributor: Contributor::Weights, rank: 3 },
            Request::SliderLimits { deployment: deployment.clone() },
            Request::Repairs { deployment },
            Request::Help,
            Request::RepairLink { text: "<https://example.org/#v=1&amp;tp_size=2>".into() },
        ]);
        for request in requests {
            assert_eq!(request.to_string().parse(), Ok(request));
        }
    }

    #[test]
    fn the_last_of_several_options_counts_and_an_empty_one_is_absent() {
        let request = parsed("panel=why&rank=1&rank=2&open=a&open=b&sort=");
        assert_eq!(request.number("rank"), Some(2));
        assert_eq!(request.option("sort"), None);
        assert!(request.unfolds("a") && request.unfolds("b") && !request.unfolds("c"));
    }

    #[test]
    fn what_cannot_be_parsed_has_its_default() {
        let request = parsed("panel=sweep&width=wide&units=MB&theme=blue&link=tp_size%3Dmany");
        assert_eq!(request, PanelRequest::new(PanelId::Sweep));
        assert_eq!(parsed("panel=sweep&width=99999999999").view.width, Some(u32::MAX));
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        for text in ["panel=map", "ask=map", "map"] {
            assert!(text.parse::<Request>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_panel_of_a_file_needs_one() {
        let needs = |text: &str| text.parse::<Request>().unwrap().needs_given();
        assert!(needs("panel=file") && !needs("panel=file&example=1") && !needs("panel=why") && !needs("ask=help"));
    }
}
