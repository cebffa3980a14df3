//! What the user looks at. None of it changes the deployment.

use crate::chart::Segment;
use crate::protocol::{PanelGroup, PanelId, Request};
use crate::units::Units;
use crate::web::browser;
use crate::web::browser::worker::Channel;
use leptos::prelude::*;

/// What the pointer or the focus is on: a segment of a chart, or a row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::web) struct Pointed {
    /// The segment.
    pub segment: Segment,
    /// The bar, if it is in the chart.
    pub bar: Option<usize>,
}

/// A tab below the chart: a panel that is not in the share sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) struct Tab(pub PanelId);

impl Tab {
    /// The tab of a page without one in its address.
    const DEFAULT: Tab = Tab(PanelId::Why);

    /// Every tab, in the order of the page.
    pub(in crate::web) fn all() -> impl Iterator<Item = Tab> {
        PanelGroup::ALL.into_iter().flat_map(PanelGroup::panels).copied().map(Tab)
    }

    /// Its name in links; `None` for the default.
    pub(in crate::web) fn name_in_links(self) -> Option<&'static str> {
        self.0.tab().filter(|_| self != Tab::DEFAULT)
    }

    /// The id of its button.
    pub(in crate::web) fn button_id(self) -> String {
        format!("tab_{}", self.0.name())
    }

    /// Whether the panel is about the current deployment.
    pub(in crate::web) fn is_about_the_deployment(self) -> bool {
        self.0 != PanelId::File
    }
}

/// A screen of the page on a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Place {
    /// The inputs.
    Settings,
    /// The chart, the table and the start-up.
    Memory,
    /// The open tab.
    Panel,
}

impl Place {
    /// The value of `data-place`, which the style sheet reads.
    pub(in crate::web) fn name(self) -> &'static str {
        match self {
            Place::Settings => "settings",
            Place::Memory => "memory",
            Place::Panel => "panel",
        }
    }
}

/// What the user looks at.
#[derive(Clone, Copy)]
pub(in crate::web) struct ViewState {
    /// The index of the kind of rank whose figures are shown; `None` for the one that limits.
    pub kind: RwSignal<Option<usize>>,
    /// What the pointer or the focus is on.
    pub pointed: RwSignal<Option<Pointed>>,
    /// The key of the explained figure: that of a contributor, or `nvidia_smi`.
    pub explained: RwSignal<String>,
    /// The open tab.
    pub tab: RwSignal<Tab>,
    /// The screen on a phone.
    pub place: RwSignal<Place>,
    /// Whether the folded settings are open.
    pub advanced_is_open: RwSignal<bool>,
    /// The keys of the settings that a built engine fixes.
    pub locked: RwSignal<Vec<String>>,
    /// The reason why the catalogues are incomplete; empty if they are complete.
    pub catalogue_notice: RwSignal<String>,
    /// The units of sizes.
    pub units: RwSignal<Units>,
    /// The help texts by setting.
    helps: RwSignal<Vec<(String, String)>>,
}

impl ViewState {
    pub(super) fn new() -> ViewState {
        let units = browser::root_attribute("data-units").and_then(|units| units.parse().ok());
        ViewState {
            kind: RwSignal::new(None),
            pointed: RwSignal::new(None),
            explained: RwSignal::new("kv_cache".into()),
            tab: RwSignal::new(Tab::DEFAULT),
            place: RwSignal::new(Place::Settings),
            advanced_is_open: RwSignal::new(false),
            locked: RwSignal::new(Vec::new()),
            catalogue_notice: RwSignal::new(String::new()),
            units: RwSignal::new(units.unwrap_or_default()),
            helps: RwSignal::new(Vec::new()),
        }
    }

    /// Opens a tab.
    pub(in crate::web) fn open_tab(self, tab: Tab) {
        self.tab.set(tab);
        self.place.set(Place::Panel);
    }

    /// Explains a figure: that of a contributor, or `nvidia_smi`.
    pub(in crate::web) fn explain(self, key: &str) {
        self.explained.set(key.to_string());
        self.open_tab(Tab(PanelId::Why));
    }

    /// Moves the focus to the control of a setting, and shows it first if it is folded or on
    /// another screen.
    pub(in crate::web) fn focus_setting(self, key: &str) {
        self.place.set(Place::Settings);
        self.advanced_is_open.set(true);
        let key = key.to_string();
        request_animation_frame(move || {
            if let Some(control) = browser::by_id(&key) {
                if let Ok(Some(details)) = control.closest("details") {
                    let _ = details.set_attribute("open", "");
                }
                browser::focus(&control);
            }
        });
    }

    /// The help text of a setting; empty until the worker has sent it.
    pub(in crate::web) fn help(self, key: &str) -> String {
        self.helps.with(|helps| {
            helps.iter().find(|(known, _)| known == key).map(|(_, help)| help.clone()).unwrap_or_default()
        })
    }

    /// Requests the help texts of all settings.
    pub(in crate::web) fn load_help(self) {
        let channel = Channel::new(move |lines| {
            let pairs = lines.unwrap_or_default().lines().filter_map(|line| line.split_once('\t'));
            self.helps.set(pairs.map(|(key, help)| (key.to_string(), help.to_string())).collect());
        });
        channel.ask(&Request::Help);
    }
}
