//! The panels, their names and their groups.

use super::UnknownRequest;
use std::str::FromStr;

/// The panels under the chart and in the share sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelId {
    /// How near the laws come to measurements.
    Accuracy,
    /// Changes to the deployment that help.
    Advice,
    /// The deployment beside a pinned one.
    Compare,
    /// Pictures, tables and commands to save.
    Export,
    /// A file that the reader gave: a model's, an engine's, or a log.
    File,
    /// The range of each setting in which the deployment fits.
    Limits,
    /// Deployments of the model that run a load.
    Search,
    /// Other forms of the page's link.
    Share,
    /// The memory over the range of a setting.
    Sweep,
    /// The explanation of a figure.
    Why,
}

/// A group of tabs, each with a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelGroup {
    /// Panels that explain the figures.
    Understand,
    /// Panels that help to choose a deployment.
    Decide,
    /// Panels that read and write files.
    InAndOut,
}

impl PanelGroup {
    /// Every group, in the order of the page.
    pub const ALL: [PanelGroup; 3] = [PanelGroup::Understand, PanelGroup::Decide, PanelGroup::InAndOut];

    /// The heading.
    pub const fn label(self) -> &'static str {
        match self {
            PanelGroup::Understand => "Understand",
            PanelGroup::Decide => "Decide",
            PanelGroup::InAndOut => "In and out",
        }
    }

    /// The panels, in the order of their tabs.
    pub const fn panels(self) -> &'static [PanelId] {
        match self {
            PanelGroup::Understand => &[PanelId::Why, PanelId::Sweep, PanelId::Accuracy],
            PanelGroup::Decide => &[PanelId::Limits, PanelId::Advice, PanelId::Search, PanelId::Compare],
            PanelGroup::InAndOut => &[PanelId::File, PanelId::Export],
        }
    }
}

impl PanelId {
    /// Every panel.
    pub const ALL: [PanelId; 10] = [
        PanelId::Accuracy,
        PanelId::Advice,
        PanelId::Compare,
        PanelId::Export,
        PanelId::File,
        PanelId::Limits,
        PanelId::Search,
        PanelId::Share,
        PanelId::Sweep,
        PanelId::Why,
    ];

    /// The name on the wire, which is also the id of the panel's element in the page.
    pub const fn name(self) -> &'static str {
        match self {
            PanelId::Accuracy => "accuracy",
            PanelId::Advice => "advice",
            PanelId::Compare => "compare",
            PanelId::Export => "export",
            PanelId::File => "file",
            PanelId::Limits => "limits",
            PanelId::Search => "search",
            PanelId::Share => "share",
            PanelId::Sweep => "sweep",
            PanelId::Why => "why",
        }
    }

    /// The group of the panel's tab; `None` if it has no tab, as in the share sheet.
    pub fn group(self) -> Option<PanelGroup> {
        PanelGroup::ALL.into_iter().find(|group| group.panels().contains(&self))
    }

    /// The text of the panel's tab.
    pub const fn label(self) -> &'static str {
        match self {
            PanelId::Accuracy => "Accuracy",
            PanelId::Advice => "Advice",
            PanelId::Compare => "Compare",
            PanelId::Export => "Export",
            PanelId::File => "Import",
            PanelId::Limits => "Limits",
            PanelId::Search => "Search",
            PanelId::Share => "Share",
            PanelId::Sweep => "Sweep",
            PanelId::Why => "Why",
        }
    }

    /// The name of the panel's tab in links (`tab=`): [`PanelId::name`], but "import" for files.
    /// `None` if it has no tab.
    pub fn tab(self) -> Option<&'static str> {
        let name = if self == PanelId::File { "import" } else { self.name() };
        self.group().map(|_| name)
    }

    /// The panel of a tab that a link names; `None` if there is no such tab. A panel's own name is
    /// accepted too.
    pub fn of_tab(name: &str) -> Option<PanelId> {
        name.parse().ok().filter(|panel: &PanelId| panel.group().is_some())
    }

    /// The names of all tabs, in the order of the page.
    pub fn tabs() -> impl Iterator<Item = &'static str> {
        PanelGroup::ALL.into_iter().flat_map(PanelGroup::panels).filter_map(|panel| panel.tab())
    }
}

/// Parses the name on the wire, or that of the tab.
impl FromStr for PanelId {
    type Err = UnknownRequest;

    fn from_str(name: &str) -> Result<PanelId, UnknownRequest> {
        let named = |panel: &PanelId| panel.name() == name || panel.tab() == Some(name);
        PanelId::ALL.into_iter().find(named).ok_or_else(|| UnknownRequest(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_panel_but_share_has_one_tab() {
        let grouped: Vec<PanelId> = PanelGroup::ALL.into_iter().flat_map(PanelGroup::panels).copied().collect();
        for panel in PanelId::ALL {
            let tabs = grouped.iter().filter(|other| **other == panel).count();
            assert_eq!(tabs, usize::from(panel != PanelId::Share), "{panel:?}");
        }
        let labels: Vec<&str> = grouped.iter().map(|panel| panel.label()).collect();
        let expected = ["Why", "Sweep", "Accuracy", "Limits", "Advice", "Search", "Compare", "Import", "Export"];
        assert_eq!(labels, expected);
    }

    #[test]
    fn tabs_are_parsed_from_their_names_and_from_those_of_the_panels() {
        for panel in PanelId::ALL {
            assert_eq!(panel.name().parse(), Ok(panel));
            assert_eq!(panel.tab().and_then(PanelId::of_tab), panel.group().map(|_| panel));
        }
        assert_eq!((PanelId::of_tab("import"), PanelId::of_tab("file")), (Some(PanelId::File), Some(PanelId::File)));
        assert_eq!((PanelId::of_tab("share"), PanelId::of_tab("Why"), PanelId::of_tab("")), (None, None, None));
        assert_eq!(PanelId::tabs().collect::<Vec<_>>().len(), 9);
    }
}
