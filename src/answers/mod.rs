//! Questions that take long or are asked rarely, as text, and their answers as JSON.
//!
//! The page asks them of a program of its own beside it (`src/bin/answers.rs`), which is loaded once the page stands: the page opens
//! sooner, and stays quick while answers are worked out. A question looks like an address: its name, its details, and after `#`
//! the link of the deployment.

mod accuracy;
mod explain;

use crate::deployment::Deployment;
use crate::formats::link;
use form_urlencoded::parse;
use serde::Serialize;

/// A question, taken apart.
struct Question<'a> {
    name: &'a str,
    details: &'a str,
    deployment: Deployment,
}

impl<'a> Question<'a> {
    fn new(question: &'a str) -> Question<'a> {
        let (head, link) = question.split_once('#').unwrap_or((question, ""));
        let (name, details) = head.split_once('?').unwrap_or((head, ""));
        Question { name, details, deployment: link::decode(link).deployment }
    }

    /// A detail; empty where it isn't given.
    fn detail(&self, key: &str) -> String {
        let found = parse(self.details.as_bytes()).find(|(name, _)| name == key);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Serialize)]
struct Refusal {
    problem: String,
}

/// The answer to a question, as JSON; an object with `problem` where there is none.
///
/// ```
/// use trtllm_memory::answers::answer;
/// let text = answer("explain?contributor=weights&rank=1#tp_size=2");
/// assert!(text.contains("\"label\":\"Weights\""));
/// assert_eq!(answer("sing"), "{\"problem\":\"There is no question sing.\"}");
/// ```
pub fn answer(question: &str) -> String {
    let question = Question::new(question);
    let answer = match question.name {
        "accuracy" => Ok(json(&accuracy::accuracy(&question))),
        "explain" => explain::explain(&question).map(|explained| json(&explained)),
        name => Err(format!("There is no question {name}.")),
    };
    answer.unwrap_or_else(|problem| json(&Refusal { problem }))
}

/// None of the answers has a key that isn't a text, or fails in another way.
fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}
