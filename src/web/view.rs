//! What is looked at: state of the page that says nothing of the deployment.

use super::browser::looks;
use super::live::Live;
use super::worker::Answers;
use crate::chart::Segment;
use crate::memory::Contributor;
use crate::protocol::{PanelId, Request};
use crate::units::Units;

/// What the pointer or the focus is on: a segment in the chart, or a row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pointed {
    /// The segment.
    pub segment: Segment,
    /// The bar, where it is the chart that is pointed at.
    pub bar: Option<usize>,
}

/// A panel, and when it is asked for.
#[derive(Clone, Copy)]
pub(super) struct PanelSpec {
    /// The panel.
    pub panel: PanelId,
    /// Whether the panel changes with the deployment.
    pub is_about_the_deployment: bool,
    /// Whether its answer takes so long that other panels would wait for it.
    pub takes_long: bool,
}

/// A question under the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// Why a figure is what it is.
    Why,
    /// The memory over the range of a setting.
    Sweep,
    /// How far each setting goes.
    FeasibleRange,
    /// Which deployments run a load.
    Search,
    /// What to change.
    Advice,
    /// What differs from a pinned deployment.
    Compare,
    /// Pictures, tables and commands.
    Export,
    /// How near the laws come to what was measured.
    Accuracy,
    /// What a file says: a model's, an engine's, or a log.
    File,
}

impl Tab {
    /// Every tab, in their order.
    pub(super) const ALL: [Tab; 9] = [
        Tab::Why,
        Tab::Sweep,
        Tab::FeasibleRange,
        Tab::Search,
        Tab::Advice,
        Tab::Compare,
        Tab::File,
        Tab::Export,
        Tab::Accuracy,
    ];

    /// Its name.
    pub(super) fn label(self) -> &'static str {
        match self {
            Tab::Why => "Why",
            Tab::Sweep => "Sweep",
            Tab::FeasibleRange => "Limits",
            Tab::Search => "Search",
            Tab::Advice => "Advice",
            Tab::Compare => "Compare",
            Tab::Export => "Export",
            Tab::Accuracy => "How accurate?",
            Tab::File => "From a file",
        }
    }

    /// Its panel.
    pub(super) fn spec(self) -> PanelSpec {
        PanelSpec {
            panel: self.panel(),
            is_about_the_deployment: !matches!(self, Tab::Accuracy | Tab::File),
            takes_long: self == Tab::Search,
        }
    }

    fn panel(self) -> PanelId {
        match self {
            Tab::Why => PanelId::Why,
            Tab::Sweep => PanelId::Sweep,
            Tab::FeasibleRange => PanelId::Limits,
            Tab::Search => PanelId::Search,
            Tab::Advice => PanelId::Advice,
            Tab::Compare => PanelId::Compare,
            Tab::Export => PanelId::Export,
            Tab::Accuracy => PanelId::Accuracy,
            Tab::File => PanelId::File,
        }
    }

    /// The id of its panel's element.
    pub(super) fn id(self) -> &'static str {
        self.panel().name()
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct ViewState {
    /// The run of equal ranks whose figures are shown; if unset, that of the rank that decides.
    pub run: Live<Option<usize>>,
    /// What the pointer or the focus is on.
    pub pointed: Live<Option<Pointed>>,
    /// The figure that is explained.
    pub explained: Live<Contributor>,
    /// The tab that is open.
    pub tab: Live<Tab>,
    /// The keys of the fields that a built engine fixes.
    pub locked: Live<Vec<String>>,
    /// The help of each setting, by its key, once the worker has told it.
    pub helps: Live<Vec<(String, String)>>,
    /// The key of the field whose help is shown.
    pub helped: Live<String>,
    /// What is said in place of the lists; empty where they are there.
    pub lists: Live<String>,
    /// Where sliders stop fitting, as the worker says it.
    pub ticks: Live<String>,
    /// The units of sizes, as the address asks for them.
    pub units: Units,
}

impl ViewState {
    /// What is looked at first.
    pub(super) fn new() -> ViewState {
        ViewState {
            run: Live::new(None),
            pointed: Live::new(None),
            explained: Live::new(Contributor::KvCache),
            tab: Live::new(Tab::Why),
            locked: Live::new(Vec::new()),
            helps: Live::new(Vec::new()),
            helped: Live::new(String::new()),
            lists: Live::new(String::new()),
            ticks: Live::new(String::new()),
            units: looks("data-units").and_then(|units| units.parse().ok()).unwrap_or_default(),
        }
    }

    /// The help of a setting.
    pub(super) fn help(self, key: &str) -> String {
        self.helps.with(|helps| {
            helps.iter().find(|(known, _)| known == key).map(|(_, help)| help.clone()).unwrap_or_default()
        })
    }

    /// Asks for the help of every setting, once there is time for it.
    pub(super) fn learn(self) {
        let answers = Answers::new(move |lines| {
            let pairs = lines.unwrap_or_default().lines().filter_map(|line| line.split_once('\t'));
            self.helps.set(pairs.map(|(key, help)| (key.to_string(), help.to_string())).collect());
        });
        answers.ask(&Request::Help);
    }
}
