//! The state of the page: one deployment, invalid texts of its settings, and derived signals.

mod address;
mod catalogues;
mod evaluation;
mod history;
mod setting;
mod theme;
mod verdict;
mod view;

pub(super) use address::page_address;
pub(super) use catalogues::{catalogue_notice, change_settings, open_link};
pub(super) use evaluation::Valid;
pub(super) use history::{Direction, History};
pub(super) use setting::{SettingState, readable};
pub(super) use theme::Appearance;
pub(super) use verdict::Verdict;
pub(super) use view::{Place, Pointed, Tab, ViewState};

use crate::deployment::{Deployment, Input, Setting, setting};
use crate::link;
use crate::web::browser::debounced;
use evaluation::{Evaluation, sentence};
use leptos::prelude::*;
use std::sync::Arc;

/// The delay in milliseconds after which a change counts as finished. What follows the chart (the
/// address, the panels, the slider limits, announcements) waits for it.
const REST: f64 = 250.0;

/// A text in a setting's control: one that is being typed, or one that cannot be parsed.
#[derive(Debug, Clone, PartialEq)]
struct Draft {
    key: &'static str,
    text: String,
    problem: Option<String>,
}

/// A reason why the current settings cannot be estimated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// The setting.
    pub key: &'static str,
    /// A sentence that names the setting, the value and the remedy.
    pub message: String,
    /// Whether the text of the control cannot be parsed.
    pub is_unreadable: bool,
}

/// The state of the page, as Leptos context.
#[derive(Clone, Copy)]
pub(super) struct AppState {
    /// The current deployment, with all settings that could be parsed.
    pub deployment: RwSignal<Deployment>,
    /// Changes when the deployment has rested. What follows it slowly tracks this signal.
    pub settled: Signal<u64>,
    /// The shown deployment with its estimate: the last valid one.
    pub valid: Memo<Option<Arc<Valid>>>,
    /// The problems of the current settings.
    pub problems: Memo<Vec<Problem>>,
    /// The verdict on the current settings.
    pub verdict: Memo<Verdict>,
    /// Warnings about the link that the page was opened with.
    pub warnings: RwSignal<Vec<String>>,
    /// A link that pins the deployment to compare with; empty if there is none.
    pub pinned: RwSignal<String>,
    /// The keys of the settings that differ from their defaults.
    pub changed: Memo<Vec<&'static str>>,
    /// Undo and redo.
    pub history: History,
    /// What the user looks at.
    pub view: ViewState,
    /// Colours.
    pub appearance: Appearance,
    drafts: RwSignal<Vec<Draft>>,
    evaluation: Memo<Evaluation>,
}

impl AppState {
    /// The state of a page that follows its address.
    pub(super) fn new() -> AppState {
        let deployment = RwSignal::new(Deployment::default());
        let drafts = RwSignal::new(Vec::<Draft>::new());
        let evaluation = Memo::new(move |before: Option<&Evaluation>| {
            deployment.with(|deployment| Evaluation::new(deployment, before))
        });
        let valid = Memo::new(move |_| evaluation.with(|evaluation| evaluation.valid.clone()));
        let problems = Memo::new(move |_| drafts.with(|drafts| evaluation.with(|found| problems(drafts, found))));
        let changed = Memo::new(move |_| {
            deployment.with(|deployment| deployment.changed().map(|(setting, _)| setting.key).collect::<Vec<_>>())
        });
        let revision = Memo::new(move |before: Option<&u64>| {
            deployment.track();
            before.map_or(0, |before| before + 1)
        });
        let view = ViewState::new();
        let state = AppState {
            deployment,
            settled: debounced(revision, REST),
            valid,
            problems,
            verdict: verdict::verdict(problems, valid, view.units),
            warnings: RwSignal::new(Vec::new()),
            pinned: RwSignal::new(String::new()),
            changed,
            history: History::new(deployment),
            view,
            appearance: Appearance::new(),
            drafts,
            evaluation,
        };
        catalogues::follow(state);
        address::follow(state);
        history::follow(state);
        state
    }

    /// The state that [`components::App`](super::components::App) provides.
    pub(super) fn from_context() -> AppState {
        expect_context()
    }

    /// Returns the shown deployment, and tracks it only once it has rested.
    pub(super) fn settled_valid(self) -> Option<Arc<Valid>> {
        self.settled.track();
        self.valid.get_untracked()
    }

    /// Reads the shown deployment; the default of `T` if there is none.
    pub(super) fn with_valid<T: Default>(self, read: impl FnOnce(&Valid) -> T) -> T {
        self.valid.with(|valid| valid.as_deref().map(read).unwrap_or_default())
    }

    /// Whether the shown deployment was never set by the user, because the first link was invalid.
    pub(super) fn is_substitute(self) -> bool {
        self.evaluation.with(|evaluation| evaluation.is_substitute)
    }

    /// The number of the shown rank, of the deployment that has rested.
    pub(super) fn settled_rank(self) -> u64 {
        let chosen = self.view.kind.get();
        self.settled_valid().and_then(|valid| valid.shown_rank(chosen).map(|rank| rank.rank)).unwrap_or(0)
    }

    /// Replaces the deployment and everything typed.
    pub(super) fn open(self, deployment: Deployment) {
        self.view.locked.set(Vec::new());
        self.drafts.set(Vec::new());
        self.deployment.set(deployment);
    }

    /// The link of a deployment, with the pinned deployment and the open tab.
    pub(super) fn link(self, deployment: &Deployment) -> String {
        let link = match self.pinned.with_untracked(|pinned| link::pinned(pinned)) {
            Some(pinned) => link::encode_compared(deployment, &pinned.deployment),
            None => link::encode(deployment),
        };
        link::with_tab(&link, self.view.tab.get_untracked().name_in_links())
    }

    /// Takes the text of a control while it is typed. A text that cannot be parsed stays, with a
    /// message.
    pub(super) fn edit(self, setting: &'static Setting, text: String) {
        let problem = self.read(setting, &text).err().map(|advice| format!("{}={text} {advice}.", setting.key));
        self.drafts.update(|drafts| {
            drafts.retain(|draft| draft.key != setting.key);
            drafts.push(Draft { key: setting.key, text, problem });
        });
    }

    /// Takes a value that a control offers. Returns whether it is valid.
    pub(super) fn choose(self, setting: &'static Setting, text: &str) -> bool {
        self.forget(setting, |_| true);
        self.read(setting, text).is_ok()
    }

    /// Changes settings by key-value pairs in the link format. Returns whether all were valid.
    pub(super) fn choose_all(self, settings: &str) -> bool {
        let mut are_valid = true;
        for (key, value) in form_urlencoded::parse(settings.as_bytes()) {
            are_valid &= setting(&key).is_some_and(|setting| self.choose(setting, &value));
        }
        are_valid
    }

    /// Pins the current deployment for comparison, or unpins.
    pub(super) fn pin(self, pins: bool) {
        let link = |now: &Deployment| link::encode_compared(now, now);
        self.pinned.set(if pins { self.deployment.with_untracked(link) } else { String::new() });
    }

    /// Ends the typing in a control: a valid text is replaced by its canonical form.
    pub(super) fn settle(self, setting: &'static Setting) {
        self.forget(setting, |draft| draft.problem.is_none());
    }

    /// Ends the typing of a model's name, because a new catalogue may contain it.
    pub(super) fn settle_model(self) {
        let is_model = |draft: &&Draft| setting(draft.key).is_some_and(|setting| setting.input == Input::Model);
        let draft = self.drafts.with_untracked(|drafts| drafts.iter().find(is_model).cloned());
        if let Some((setting, draft)) = draft.and_then(|draft| Some((setting(draft.key)?, draft))) {
            self.edit(setting, draft.text);
            self.settle(setting);
        }
    }

    /// Sets a setting to its default.
    pub(super) fn reset(self, setting: &'static Setting) {
        let default = self.deployment.with_untracked(|deployment| setting.write(&deployment.defaults()));
        self.choose(setting, &default);
    }

    fn forget(self, setting: &'static Setting, which: impl Fn(&Draft) -> bool) {
        let is_forgotten = |draft: &Draft| draft.key == setting.key && which(draft);
        if self.drafts.with_untracked(|drafts| drafts.iter().any(is_forgotten)) {
            self.drafts.update(|drafts| drafts.retain(|draft| !is_forgotten(draft)));
        }
    }

    fn read(self, setting: &'static Setting, text: &str) -> Result<(), String> {
        let mut next = self.deployment.get_untracked();
        setting.read(&mut next, text)?;
        if setting.input == Input::Model {
            self.deployment.with_untracked(|before| next.follow_model(before));
        }
        if self.deployment.with_untracked(|now| *now != next) {
            self.deployment.set(next);
        }
        Ok(())
    }
}

fn problems(drafts: &[Draft], evaluation: &Evaluation) -> Vec<Problem> {
    let unreadable = drafts.iter().filter_map(|draft| {
        let message = draft.problem.clone()?;
        Some(Problem { key: draft.key, message, is_unreadable: true })
    });
    let invalid = evaluation.problems.iter().map(|problem| Problem {
        key: problem.field,
        message: sentence(problem),
        is_unreadable: false,
    });
    let mut problems: Vec<Problem> = unreadable.chain(invalid).collect();
    problems.dedup_by_key(|problem| problem.key);
    problems
}
