//! Why a figure is what it is.

use super::Question;
use crate::memory::{Contributor, Explanation, explain as explain_rank};
use crate::units::{Bytes, grouped};
use serde::Serialize;

/// A contributor of a rank.
#[derive(Serialize)]
pub struct Explained {
    /// Whose memory it is.
    rank: u64,
    /// One line about the contributor.
    meaning: &'static str,
    /// Its size to the byte, in groups of three digits.
    bytes: String,
    #[serde(flatten)]
    explanation: Explanation,
}

/// The contributor `contributor` on the rank `rank`.
pub fn explain(question: &Question) -> Result<Explained, String> {
    let key = question.detail("contributor");
    let contributor = Contributor::parse(&key).ok_or_else(|| format!("Nothing is called {key}."))?;
    let rank = question.detail("rank").parse().unwrap_or(0);
    let all = explain_rank(&question.deployment, rank).map_err(|problems| problems.to_string())?;
    let found = all.into_iter().find(|(explained, _)| *explained == contributor);
    let (_, explanation) = found.ok_or_else(|| format!("{key} has no explanation."))?;
    let bytes = grouped(Bytes(explanation.value.round() as u64).0);
    Ok(Explained { rank, meaning: contributor.meaning(), bytes, explanation })
}

#[cfg(test)]
mod tests {
    use crate::answers::answer;
    use crate::deployment::Deployment;
    use crate::memory::{Contributor, estimate};
    use serde_json::Value;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked(question: &str) -> Value {
        serde_json::from_str(&answer(question)).unwrap()
    }

    #[test]
    fn every_contributor_is_explained_to_the_byte() {
        let report = estimate(&Deployment { pp_size: 2, ..Deployment::default() }).unwrap();
        for rank in &report.ranks {
            for contributor in Contributor::ALL {
                let explained =
                    asked(&format!("explain?rank={}&contributor={}#pp_size=2", rank.rank, contributor.key()));
                assert_eq!(explained["value"].as_f64(), Some(rank.figure(contributor).bytes.0 as f64));
                assert!(!explained["formula"].as_str().unwrap().is_empty());
                assert_eq!(explained["meaning"], contributor.meaning());
            }
        }
    }

    #[test]
    fn what_cannot_be_explained_says_why() {
        let problem = asked("explain?rank=0&contributor=weights#tp_size=3")["problem"].clone();
        assert!(problem.as_str().unwrap().contains('3'), "{problem}");
        assert!(asked("explain?contributor=hats")["problem"].is_string());
        // A rank that the deployment doesn't have is its last.
        assert!(asked("explain?rank=99&contributor=weights")["formula"].is_string());
    }
}
