//! Answers to links as JSON, for pipelines.
//!
//! All sizes are bytes. Keys are never renamed; new ones may be added.

use crate::deployment::{Deployment, InvalidSetting, Note};
use crate::link::{self, Decoded, LinkProblem, LinkProblemKind};
use crate::memory::{Contributor, Explanation, KvCache, Rank, Report, Stage, Verdict, estimate, explain_in};
use crate::units::{Bytes, Units};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The answer to a link.
///
/// The page ignores invalid parts of a link and reports them. A pipeline gates on the answer, so
/// here an invalid value of a known key is an error, and there is no report. An unknown key is a
/// warning.
///
/// ```
/// use trtllm_memory::export::json::Answer;
/// let answer = Answer::to("#tp_size=2&colour=red");
/// assert!(answer.report.is_some_and(|report| report.ranks.len() == 2));
/// assert_eq!(answer.warnings[0].field, "colour");
/// assert_eq!(Answer::to("gpu=abacus").errors[0].value, "abacus");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The deployment of the link.
    pub deployment: Deployment,
    /// Its report; `None` if there are errors.
    pub report: Option<Report>,
    /// The ignored parts of the link, and TensorRT-LLM's corrections of the settings.
    pub warnings: Vec<Warning>,
    /// The errors in the input.
    pub errors: Vec<BadInput>,
    /// The explanations of the sizes; empty before [`Answer::explain`].
    pub explanations: Vec<Explained>,
    /// The units of the sizes in sentences; figures are in bytes.
    pub units: Units,
}

/// A remark on a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The link key, as written.
    pub field: String,
    /// A sentence.
    pub message: String,
}

/// An invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadInput {
    /// The link key.
    pub field: String,
    /// Its value.
    pub value: String,
    /// The problem, and the valid values.
    pub message: String,
}

/// The explanations of the sizes of one kind of rank.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The ranks of the class.
    pub ranks: Vec<u64>,
    /// The explanation of each contributor.
    pub contributors: Vec<(Contributor, Explanation)>,
}

impl Answer {
    /// Answers a link: an address of any host, `#…`, or the fragment alone.
    pub fn to(link: &str) -> Answer {
        Answer::from(link::decode(link))
    }

    /// Answers a link that comes with other invalid input, such as a file: without a report, and
    /// with `error` after the link's own errors.
    pub fn refused(decoded: Decoded, error: BadInput) -> Answer {
        let mut answer = Answer::without_report(decoded);
        answer.errors.push(error);
        answer
    }

    /// The answer to a link before anything is estimated.
    fn without_report(decoded: Decoded) -> Answer {
        let (bad, ignored): (Vec<LinkProblem>, Vec<LinkProblem>) =
            decoded.problems.into_iter().partition(|problem| match problem.kind {
                LinkProblemKind::BadValue | LinkProblemKind::TooLong => true,
                // A word without a value is not a setting of another version; the input is not a
                // link.
                LinkProblemKind::UnknownKey => problem.value.is_empty(),
                LinkProblemKind::Repeated | LinkProblemKind::OtherBackend | LinkProblemKind::NewerVersion => false,
            });
        Answer {
            deployment: decoded.deployment,
            report: None,
            warnings: ignored.into_iter().map(Warning::from).collect(),
            errors: bad.into_iter().map(BadInput::from).collect(),
            explanations: Vec::new(),
            units: Units::default(),
        }
    }

    /// The same answer with the sizes of its sentences in `units`.
    pub fn in_units(self, units: Units) -> Answer {
        Answer { units, ..self }
    }

    /// Adds explanations to the answer, one for each kind of rank.
    pub fn explain(mut self) -> Answer {
        let mut kinds = self.report.as_ref().map(Report::kinds).unwrap_or_default();
        kinds.sort_unstable_by_key(|kind| kind.first.rank);
        self.explanations = kinds
            .into_iter()
            .filter_map(|kind| {
                let contributors = explain_in(&self.deployment, kind.first.rank, self.units).ok()?;
                Some(Explained { ranks: kind.ranks.into_iter().map(|rank| rank.rank).collect(), contributors })
            })
            .collect();
        self
    }
}

/// The answer to a parsed link.
impl From<Decoded> for Answer {
    fn from(decoded: Decoded) -> Answer {
        let mut answer = Answer::without_report(decoded);
        if answer.errors.is_empty() {
            match estimate(&answer.deployment) {
                Ok(report) => {
                    answer.warnings.extend(report.notes.iter().map(Warning::from));
                    answer.report = Some(report);
                }
                Err(problems) => answer.errors = problems.0.into_iter().map(BadInput::from).collect(),
            }
        }
        answer
    }
}

impl From<LinkProblem> for Warning {
    fn from(problem: LinkProblem) -> Warning {
        Warning { field: problem.key, message: problem.message }
    }
}

impl From<&Note> for Warning {
    fn from(note: &Note) -> Warning {
        Warning { field: note.field.into(), message: note.message.clone() }
    }
}

impl From<LinkProblem> for BadInput {
    fn from(problem: LinkProblem) -> BadInput {
        BadInput { field: problem.key, value: problem.value, message: problem.message }
    }
}

impl From<InvalidSetting> for BadInput {
    fn from(problem: InvalidSetting) -> BadInput {
        let message = format!("{}={}: {}.", problem.field, problem.value, problem.message);
        BadInput { field: problem.field.into(), value: problem.value, message }
    }
}

/// The ranks, and each explanation under its contributor's key.
impl Serialize for Explained {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.contributors.len()))?;
        map.serialize_entry("ranks", &self.ranks)?;
        for (contributor, explanation) in &self.contributors {
            map.serialize_entry(contributor.key(), explanation)?;
        }
        map.end()
    }
}

/// The JSON of an answer.
#[derive(Serialize)]
struct Shape<'a> {
    /// `fits`, `fits_uncertain` or `fails`; null if there are errors.
    verdict: Option<&'static str>,
    verdict_detail: Option<Detail>,
    /// The parameters of the whole model.
    parameters: Option<u64>,
    ranks: &'a [Rank],
    kv_cache: Option<&'a KvCache>,
    warnings: &'a [Warning],
    errors: &'a [BadInput],
    /// The shortest link of the deployment.
    link: String,
    #[serde(skip_serializing_if = "<[Explained]>::is_empty")]
    explanations: &'a [Explained],
}

/// A verdict as text and figures.
#[derive(Serialize)]
struct Detail {
    sentence: String,
    detail: String,
    /// The memory that stays free on the fullest rank, if the deployment fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Bytes>,
    /// The stage at which it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    /// The missing memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<Bytes>,
    /// The rank on which it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<u64>,
}

impl Detail {
    fn of(report: &Report, units: Units) -> Detail {
        let (room, stage, short, rank) = match report.verdict {
            Verdict::Fits { room, .. } => (Some(room), None, None, None),
            Verdict::Fails { stage, short, rank } => (None, Some(stage), Some(short), Some(rank)),
        };
        let sentence = format!("{} {}", report.headline(), report.sentence(units));
        Detail { sentence, detail: report.detail(units), room, stage, short, rank }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.report.as_ref();
        Shape {
            verdict: report.map(|report| report.verdict.key()),
            verdict_detail: report.map(|report| Detail::of(report, self.units)),
            parameters: report.map(|report| report.parameters),
            ranks: report.map_or(&[], |report| &report.ranks),
            kv_cache: report.map(|report| &report.kv_cache),
            warnings: &self.warnings,
            errors: &self.errors,
            link: link::encode(&self.deployment),
            explanations: &self.explanations,
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json, to_value};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn answer(link: &str) -> Value {
        to_value(Answer::to(link)).unwrap()
    }

    #[test]
    fn sizes_have_the_keys_of_contributors_and_add_up() {
        let answer = answer("tp_size=2&quant_algo=FP8");
        assert_eq!(answer["verdict"], "fits");
        assert_eq!(answer["parameters"], 8_030_261_248_u64);
        let ranks = answer["ranks"].as_array().unwrap();
        assert_eq!(ranks.len(), 2);
        for rank in ranks {
            let sum: u64 = Contributor::ALL.iter().map(|key| rank[key.key()].as_u64().unwrap()).sum();
            assert_eq!(rank["used"], sum);
            assert_eq!(rank["total"], sum + rank["free"].as_u64().unwrap());
        }
        let kv = &answer["kv_cache"];
        let tokens = kv["blocks"].as_u64().unwrap() * kv["tokens_per_block"].as_u64().unwrap();
        assert_eq!(kv["tokens"], tokens);
        assert!(kv["bytes_per_token"].is_number() && kv["max_sequences"].is_u64());
        assert_eq!((&answer["errors"], answer.get("explanations")), (&json!([]), None));
    }

    #[test]
    fn a_verdict_says_in_figures_what_is_left_or_missing() {
        let fits = answer("");
        assert!(fits["verdict_detail"]["room"].as_u64().unwrap() > 0);
        assert!(fits["verdict_detail"]["sentence"].as_str().unwrap().starts_with("Fits. The KV cache holds"));
        let fails = answer("model=meta-llama/Llama-3.3-70B-Instruct");
        assert_eq!(fails["verdict"], "fails");
        assert_eq!(
            (&fails["verdict_detail"]["stage"], &fails["verdict_detail"]["rank"]),
            (&json!("load_weights"), &json!(0))
        );
        assert!(fails["verdict_detail"]["short"].as_u64().unwrap() > 50 << 30);
    }

    #[test]
    fn bad_values_and_impossible_deployments_are_errors() {
        for (link, field, value) in [
            ("tp_size=many", "tp_size", "many"),
            ("tp_size=3", "tp_size", "3"),
            ("model=gpt-17", "model", "gpt-17"),
            ("gpu=v100&quant_algo=FP8", "quant_algo", "FP8"),
        ] {
            let answer = answer(link);
            assert_eq!(
                (&answer["ranks"], &answer["verdict"], &answer["kv_cache"]),
                (&json!([]), &Value::Null, &Value::Null)
            );
            let error = &answer["errors"][0];
            assert_eq!((&error["field"], &error["value"]), (&json!(field), &json!(value)));
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with(&format!("{field}={value}")), "{message}");
        }
        assert!(!Answer::to(&"x".repeat(10_000)).errors.is_empty());
    }

    #[test]
    fn ignored_and_corrected_settings_are_warnings() {
        let answer = answer("colour=red&tp_size=2&tp_size=4&v=99");
        assert_eq!(answer["ranks"].as_array().unwrap().len(), 4);
        let fields: Vec<&str> =
            answer["warnings"].as_array().unwrap().iter().map(|warning| warning["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["colour", "tp_size", "v", "max_seq_len"]);
    }

    #[test]
    fn every_kind_of_rank_is_explained_once() {
        let answer = Answer::to("pp_size=4&tp_size=2").explain();
        let report = answer.report.as_ref().unwrap();
        let mut explained: Vec<u64> = answer.explanations.iter().flat_map(|one| one.ranks.clone()).collect();
        explained.sort_unstable();
        assert_eq!(explained, (0..8).collect::<Vec<u64>>());
        for one in &answer.explanations {
            for (contributor, explanation) in &one.contributors {
                let bytes = report.ranks[one.ranks[0] as usize].figure(*contributor).bytes;
                assert_eq!(explanation.value.round() as u64, bytes.0);
            }
        }
        assert!(to_value(&answer).unwrap()["explanations"][0]["weights"]["formula"].is_string());
    }
}
