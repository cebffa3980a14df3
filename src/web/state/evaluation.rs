//! The models' answer for the current deployment.

use crate::deployment::{Deployment, DeploymentError, InvalidSetting, Resolved, Setting, setting};
use crate::memory::{Rank, RankKind, Report, estimate_resolved};
use std::sync::Arc;

/// A valid deployment with its estimate.
pub(in crate::web) struct Valid {
    /// The settings as chosen.
    pub deployment: Deployment,
    /// The settings as TensorRT-LLM resolves them.
    pub resolved: Resolved,
    /// The estimate.
    pub report: Report,
}

/// Everything else follows from the deployment.
impl PartialEq for Valid {
    fn eq(&self, other: &Valid) -> bool {
        self.deployment == other.deployment
    }
}

impl Valid {
    fn of(deployment: &Deployment) -> Result<Valid, DeploymentError> {
        let resolved = deployment.resolve()?;
        let report = estimate_resolved(&resolved);
        Ok(Valid { deployment: deployment.clone(), resolved, report })
    }

    /// Returns the deployment with defaults in place of the invalid settings, or the default
    /// deployment if that is not valid either.
    fn nearest(deployment: &Deployment, problems: &DeploymentError) -> Option<Valid> {
        let default = deployment.defaults();
        let mut nearest = deployment.clone();
        for problem in &problems.0 {
            let setting = setting(problem.field)?;
            setting.read(&mut nearest, &setting.write(&default)).ok()?;
        }
        Valid::of(&nearest).or_else(|_| Valid::of(&default)).ok()
    }

    /// Returns the index in [`Report::kinds`] of the ranks whose figures are shown: the chosen one,
    /// or the one that limits the KV cache.
    pub(in crate::web) fn shown_kind(&self, chosen: Option<usize>) -> usize {
        let kinds = self.report.kinds();
        let tightest = self.report.kv_cache.tightest_rank;
        let limits = |kind: &RankKind| kind.ranks.iter().any(|rank| rank.rank == tightest);
        let shown = chosen.or_else(|| kinds.iter().position(limits)).unwrap_or(0);
        shown.min(kinds.len().saturating_sub(1))
    }

    /// The first rank of the shown kind.
    pub(in crate::web) fn shown_rank(&self, chosen: Option<usize>) -> Option<&Rank> {
        let kinds = self.report.kinds();
        kinds.get(self.shown_kind(chosen)).map(|kind| kind.first)
    }
}

/// The estimate that the page shows, and the problems of the current deployment.
#[derive(Clone, Default, PartialEq)]
pub(in crate::web) struct Evaluation {
    /// The last valid deployment. If there was none, one like the current deployment.
    pub valid: Option<Arc<Valid>>,
    /// Whether `valid` was never set by the user.
    pub is_substitute: bool,
    /// The problems of the current deployment.
    pub problems: Vec<InvalidSetting>,
}

impl Evaluation {
    /// Evaluates a deployment. `before` is the evaluation that the page showed.
    pub(in crate::web) fn new(deployment: &Deployment, before: Option<&Evaluation>) -> Evaluation {
        let problems = match Valid::of(deployment) {
            Ok(valid) => return Evaluation { valid: Some(Arc::new(valid)), ..Evaluation::default() },
            Err(problems) => problems,
        };
        let (valid, is_substitute) = match before.and_then(|before| before.valid.clone()) {
            Some(valid) => (Some(valid), before.is_some_and(|before| before.is_substitute)),
            None => (Valid::nearest(deployment, &problems).map(Arc::new), true),
        };
        Evaluation { valid, is_substitute, problems: problems.0 }
    }

    /// The problem of a setting, as a sentence.
    pub(in crate::web) fn problem(&self, setting: &Setting) -> Option<String> {
        self.problems.iter().find(|problem| problem.field == setting.key).map(sentence)
    }

    /// The notes of a valid deployment about a setting.
    pub(in crate::web) fn note(&self, setting: &Setting) -> String {
        let notes = self.valid.iter().flat_map(|valid| &valid.report.notes);
        let messages: Vec<&str> =
            notes.filter(|note| note.field == setting.key).map(|note| note.message.as_str()).collect();
        messages.join(" ")
    }
}

/// A problem as a sentence that names the setting, the value and the remedy.
pub(in crate::web) fn sentence(problem: &InvalidSetting) -> String {
    let is_named = problem.message.contains(problem.value.as_str());
    let value = if is_named { String::new() } else { format!("={}", problem.value) };
    format!("{}{value}: {}.", problem.field, problem.message)
}
