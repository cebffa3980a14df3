//! The state of the page: one deployment, the invalid texts of its settings, and derived values.

use super::dom::watch;
use super::live::{Derived, Live};
use super::view::ViewState;
use crate::deployment::{Deployment, DeploymentError, Input, InvalidSetting, Resolved, SETTINGS, Setting, setting};
use crate::link;
use crate::memory::{Rank, Report, estimate_resolved};
use crate::units::grouped;
use leptos::prelude::untrack;
use std::ops::Deref;
use std::sync::Arc;

/// A deployment without problems, and what the models say of it.
pub(super) struct Sound {
    /// What was chosen.
    pub deployment: Deployment,
    /// What TensorRT-LLM makes of it.
    pub plan: Resolved,
    /// What the models say.
    pub report: Report,
}

/// All the rest follows from the deployment.
impl PartialEq for Sound {
    fn eq(&self, other: &Sound) -> bool {
        self.deployment == other.deployment
    }
}

impl Sound {
    fn of(deployment: &Deployment) -> Result<Sound, DeploymentError> {
        let plan = deployment.resolve()?;
        let report = estimate_resolved(&plan);
        Ok(Sound { deployment: deployment.clone(), plan, report })
    }

    /// Returns the fallback without an earlier valid deployment: invalid settings have their
    /// defaults.
    fn nearest(deployment: &Deployment, problems: &DeploymentError) -> Option<Sound> {
        let default = Deployment::default();
        let mut mended = deployment.clone();
        for problem in &problems.0 {
            let field = setting(problem.field)?;
            field.read(&mut mended, &field.write(&default)).ok()?;
        }
        Sound::of(&mended).or_else(|_| Sound::of(&default)).ok()
    }

    /// The runs of equal ranks.
    pub(super) fn runs(&self) -> Vec<&[Rank]> {
        self.report.alike()
    }

    /// Returns the index of the shown run: the chosen one, or the last if there are fewer. `None`
    /// selects the run of the rank that decides.
    pub(super) fn run_shown(&self, chosen: Option<usize>) -> usize {
        self.shown_among(&self.runs(), chosen)
    }

    fn shown_among(&self, runs: &[&[Rank]], chosen: Option<usize>) -> usize {
        let decides = || {
            let tightest = self.report.kv_cache.tightest_rank;
            runs.iter().position(|run| run.iter().any(|rank| rank.rank == tightest)).unwrap_or(0)
        };
        chosen.unwrap_or_else(decides).min(runs.len().saturating_sub(1))
    }

    /// The run that is shown where this one was chosen.
    pub(super) fn run(&self, chosen: Option<usize>) -> &[Rank] {
        let runs = self.runs();
        runs.get(self.shown_among(&runs, chosen)).copied().unwrap_or(&self.report.ranks)
    }
}

/// A text in a field: what is being typed, and what can't be read.
#[derive(Debug, Clone, PartialEq)]
struct Draft {
    key: &'static str,
    text: String,
    problem: Option<String>,
}

#[derive(Default, PartialEq)]
struct Outcome {
    /// The last deployment without problems.
    sound: Option<Arc<Sound>>,
    /// What is wrong with the present one.
    problems: Vec<InvalidSetting>,
}

impl Outcome {
    /// Why a field's value can't be, beside the others.
    fn problem(&self, field: &Setting) -> Option<String> {
        let problem = self.problems.iter().find(|problem| problem.field == field.key)?;
        let named = problem.message.contains(problem.value.as_str());
        let value = if named { String::new() } else { format!("={}", problem.value) };
        Some(format!("{}{value}: {}.", field.key, problem.message))
    }

    /// What TensorRT-LLM corrects in a field, and what else is worth knowing.
    fn note(&self, field: &Setting) -> String {
        let all = self.sound.iter().flat_map(|sound| &sound.report.notes);
        let notes = all.filter(|note| note.field == field.key);
        notes.map(|note| note.message.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// How a field stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standing {
    /// Whether it differs from its default.
    pub differs: bool,
    /// Whether it has a meaning beside the others.
    pub counts: bool,
    /// Whether the backend has it.
    belongs: bool,
}

/// The place of a field in [`SETTINGS`].
fn place(field: &Setting) -> Option<usize> {
    SETTINGS.iter().position(|known| known.key == field.key)
}

/// The values of all fields, as texts.
fn values(deployment: &Deployment) -> Vec<String> {
    SETTINGS.iter().map(|field| field.write(deployment)).collect()
}

/// The state of the page. It lives as long as the page, so that observers only need a reference.
#[derive(Clone, Copy)]
pub(super) struct AppState(&'static State);

impl Deref for AppState {
    type Target = State;

    fn deref(&self) -> &State {
        self.0
    }
}

/// What the page follows from.
pub(super) struct State {
    /// What was chosen, as far as it could be read.
    pub deployment: Live<Deployment>,
    /// What was not understood in the link that the page was opened with.
    pub warnings: Live<Vec<String>>,
    /// What is looked at.
    pub view: ViewState,
    /// A link that pins the deployment which the present one is compared with; empty where none is.
    pub pinned: Live<String>,
    /// Whether there is something to undo or to do again.
    pub steps: Live<usize>,
    drafts: Live<Vec<Draft>>,
    outcome: Derived<Outcome>,
    /// The settings of the page.
    settings: Live<Vec<SettingState>>,
    /// The defaults of [`SETTINGS`], as texts.
    defaults: Live<Vec<String>>,
    /// How each of [`SETTINGS`] stands. Told only when one stands differently.
    standings: Live<Vec<Standing>>,
}

impl AppState {
    /// The state of a page with the default deployment.
    pub(super) fn new() -> AppState {
        let deployment = Live::new(Deployment::default());
        let outcome = Derived::new(move |before: &Outcome| {
            deployment.with(|deployment| match Sound::of(deployment) {
                Ok(sound) => Outcome { sound: Some(Arc::new(sound)), problems: Vec::new() },
                Err(problems) => {
                    let before = before.sound.clone();
                    let sound = before.or_else(|| Sound::nearest(deployment, &problems).map(Arc::new));
                    Outcome { sound, problems: problems.0 }
                }
            })
        });
        let (warnings, drafts) = (Live::new(Vec::new()), Live::new(Vec::new()));
        let settings = Live::new(Vec::new());
        let (defaults, standings) = (Live::new(values(&Deployment::default())), Live::new(Vec::new()));
        let (pinned, steps) = (Live::new(String::new()), Live::new(0));
        let view = ViewState::new();
        let state = State { deployment, warnings, view, pinned, steps, drafts, outcome, settings, defaults, standings };
        let state = AppState(Box::leak(Box::new(state)));
        watch(move || state.refresh());
        state
    }

    /// Recomputes the displayed values of the settings. A hundred memos, of which few change, would
    /// take most of the time of an input event.
    fn refresh(self) {
        self.deployment.track();
        self.drafts.track();
        self.outcome.track();
        let values = self.deployment.with_untracked(values);
        let standings = self.standings_of(&values);
        self.settings.with_untracked(|settings| {
            for setting in settings {
                let value = values.get(setting.at).cloned().unwrap_or_default();
                let standing = standings.get(setting.at).copied().unwrap_or_default();
                setting.facts.renew(self.facts(setting.field, value, standing));
            }
        });
        self.standings.renew(standings);
    }

    /// How all fields stand whose values these are.
    fn standings_of(self, values: &[String]) -> Vec<Standing> {
        let standing = |deployment: &Deployment, field: &Setting, differs: bool| Standing {
            differs,
            counts: field.counts(deployment),
            belongs: field.flows.has(deployment.backend),
        };
        self.deployment.with_untracked(|deployment| {
            self.defaults.with_untracked(|defaults| {
                let pairs = SETTINGS.iter().zip(values.iter().zip(defaults));
                pairs.map(|(field, (value, default))| standing(deployment, field, value != default)).collect()
            })
        })
    }

    /// How many of the fields stand so.
    pub(super) fn count(self, fields: &[&Setting], so: fn(&Standing) -> bool) -> usize {
        self.standings.with(|standings| {
            let asked = |(field, standing): &(&Setting, &Standing)| {
                so(standing) && fields.iter().any(|asked| asked.key == field.key)
            };
            SETTINGS.iter().zip(standings).filter(asked).count()
        })
    }

    /// Something of the last sound deployment; its default where none was ever sound.
    pub(super) fn sound<T: Default>(self, read: impl Fn(&Sound) -> T) -> T {
        self.outcome.with(|outcome| outcome.sound.as_deref().map(read).unwrap_or_default())
    }

    /// The last sound deployment.
    pub(super) fn last_sound(self) -> Option<Arc<Sound>> {
        self.outcome.with(|outcome| outcome.sound.clone())
    }

    /// The first rank of the run that is shown, by its number.
    pub(super) fn shown_rank(self) -> u64 {
        let run = self.view.run.get();
        self.last_sound().and_then(|sound| sound.run(run).first().map(|rank| rank.rank)).unwrap_or(0)
    }

    /// The keys of the fields that are wrong; what is shown is then an earlier deployment.
    pub(super) fn wrong_fields(self) -> Vec<&'static str> {
        let mut keys: Vec<&'static str> = self
            .drafts
            .with(|drafts| drafts.iter().filter(|draft| draft.problem.is_some()).map(|draft| draft.key).collect());
        self.outcome.with(|outcome| keys.extend(outcome.problems.iter().map(|problem| problem.field)));
        keys.dedup();
        keys
    }

    /// Replaces the deployment, and with it all that was typed.
    pub(super) fn open(self, deployment: Deployment) {
        self.view.locked.set(Vec::new());
        self.drafts.set(Vec::new());
        self.deployment.set(deployment);
    }

    /// The link of the page: the deployment's, and that of the pinned one with it.
    pub(super) fn link(self, deployment: &Deployment) -> String {
        match self.pinned.with_untracked(|pinned| link::pinned(pinned)) {
            Some(pinned) => link::encode_compared(deployment, &pinned.deployment),
            None => link::encode(deployment),
        }
    }

    /// Takes a text while it is typed. One that can't be read stays as it is, with a message.
    pub(super) fn edit(self, field: &'static Setting, text: String) {
        let problem = self.read(field, &text).err().map(|advice| format!("{}={text} {advice}.", field.key));
        self.drafts.update(|drafts| {
            drafts.retain(|draft| draft.key != field.key);
            drafts.push(Draft { key: field.key, text, problem });
        });
    }

    /// Takes what a control offers, which can be read.
    pub(super) fn choose(self, field: &'static Setting, text: &str) {
        self.take_one(field, text);
    }

    fn take_one(self, field: &'static Setting, text: &str) -> bool {
        self.forget(field, |_| true);
        self.read(field, text).is_ok()
    }

    /// Changes settings by key-value pairs in the link format. Returns whether all were valid.
    pub(super) fn take(self, settings: &str) -> bool {
        let mut understood = true;
        for (key, value) in form_urlencoded::parse(settings.as_bytes()) {
            understood &= setting(&key).is_some_and(|field| self.take_one(field, &value));
        }
        understood
    }

    /// Pins the present deployment for comparison, or none.
    pub(super) fn pin(self, pins: bool) {
        let now = |now: &Deployment| link::encode_compared(now, now);
        self.pinned.set(if pins { self.deployment.with_untracked(now) } else { String::new() });
    }

    /// Ends the typing in a field: a text that was understood gives way to the value that it means.
    pub(super) fn settle(self, field: &'static Setting) {
        self.forget(field, |draft| draft.problem.is_none());
    }

    /// Ends the typing of a model: another list of models may have made its name known.
    pub(super) fn settle_model(self) {
        let unread = |draft: &Draft| {
            setting(draft.key).filter(|field| field.input == Input::Model).zip(Some(draft.text.clone()))
        };
        let found = self.drafts.with_untracked(|drafts| drafts.iter().find_map(unread));
        if let Some((field, text)) = found {
            self.edit(field, text);
            self.settle(field);
        }
    }

    /// Sets a field to its default.
    pub(super) fn reset(self, field: &'static Setting) {
        self.choose(field, &field.write(&Deployment::default()));
    }

    fn forget(self, field: &'static Setting, which: impl Fn(&Draft) -> bool) {
        let forgotten = |draft: &Draft| draft.key == field.key && which(draft);
        if self.drafts.with_untracked(|drafts| drafts.iter().any(forgotten)) {
            self.drafts.update(|drafts| drafts.retain(|draft| !forgotten(draft)));
        }
    }

    /// What the page shows of a field that has this value and stands so. It is watched by nobody.
    fn facts(self, field: &Setting, value: String, standing: Standing) -> Facts {
        let (typed, unread) = self.drafts.with_untracked(|drafts| {
            let draft = drafts.iter().find(|draft| draft.key == field.key);
            (draft.map(|draft| draft.text.clone()), draft.and_then(|draft| draft.problem.clone()))
        });
        untrack(|| {
            self.outcome.with(|outcome| Facts {
                text: typed.unwrap_or_else(|| readable(field, value.clone())),
                effective: outcome.sound.as_ref().map(|sound| (field.effective)(&sound.plan)).unwrap_or_default(),
                problem: unread.or_else(|| outcome.problem(field)),
                note: outcome.note(field),
                changed: standing.differs && standing.belongs,
                applies: standing.counts,
                value,
            })
        })
    }

    fn read(self, field: &'static Setting, text: &str) -> Result<(), String> {
        let mut next = self.deployment.get_untracked();
        field.read(&mut next, text)?;
        if self.deployment.with_untracked(|now| *now != next) {
            self.deployment.set(next);
        }
        Ok(())
    }
}

/// What the page shows of a field.
#[derive(Debug, Clone, Default, PartialEq)]
struct Facts {
    text: String,
    value: String,
    effective: String,
    problem: Option<String>,
    note: String,
    changed: bool,
    applies: bool,
}

/// A field with what the page shows of it.
#[derive(Clone, Copy)]
pub(super) struct SettingState {
    /// The field.
    pub field: &'static Setting,
    /// The state of the page.
    pub state: AppState,
    /// Its place in [`SETTINGS`].
    at: usize,
    facts: Live<Facts>,
}

impl SettingState {
    /// The setting of a field.
    pub(super) fn new(state: AppState, field: &'static Setting) -> SettingState {
        let at = place(field).unwrap_or_default();
        let standing = state.standings.with_untracked(|standings| standings.get(at).copied().unwrap_or_default());
        let value = state.deployment.with_untracked(|deployment| field.write(deployment));
        let facts = Live::new(state.facts(field, value, standing));
        let setting = SettingState { field, state, at, facts };
        state.settings.update(|settings| settings.push(setting));
        setting
    }

    /// What the field holds: the text as typed, or its value.
    pub(super) fn text(self) -> String {
        self.facts.with(|facts| facts.text.clone())
    }

    /// Its value, without what is being typed.
    pub(super) fn value(self) -> String {
        self.facts.with(|facts| facts.value.clone())
    }

    /// What TensorRT-LLM makes of it; empty where that is nothing.
    pub(super) fn effective(self) -> String {
        self.facts.with(|facts| facts.effective.clone())
    }

    /// What is wrong with it.
    pub(super) fn problem(self) -> Option<String> {
        self.facts.with(|facts| facts.problem.clone())
    }

    /// What TensorRT-LLM corrects in it, and what else is worth knowing.
    pub(super) fn note(self) -> String {
        self.facts.with(|facts| facts.note.clone())
    }

    /// Whether it differs from its default.
    pub(super) fn is_changed(self) -> bool {
        self.facts.with(|facts| facts.changed)
    }

    /// Whether it has a meaning beside the others, or was set, so that it can be reset.
    pub(super) fn is_shown(self) -> bool {
        self.facts.with(|facts| facts.applies || facts.changed)
    }
}

/// The text of a value as a person reads it: long whole numbers in groups of three digits.
pub(super) fn readable(field: &Setting, text: String) -> String {
    match (field.input, text.parse::<u64>()) {
        (Input::Whole { .. } | Input::Steps { .. }, Ok(number)) => grouped(number),
        _ => text,
    }
}
