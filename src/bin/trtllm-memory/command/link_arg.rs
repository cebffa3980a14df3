//! What a question is asked about: a link, and perhaps a load.

use super::{BAD, Output, json};
use clap::Args;
use serde::Serialize;
use std::path::Path;
use trtllm_memory::deployment::{Deployment, DeploymentError, InvalidSetting};
use trtllm_memory::explore::Load;
use trtllm_memory::export::json::{BadInput, Warning};
use trtllm_memory::link::{self, LinkProblem, LinkProblemKind};

/// A load, all of it or none.
#[derive(Debug, Clone, Copy, Args)]
pub struct LoadArguments {
    /// Sequences that are to run at once.
    #[arg(long, requires_all = ["input_len", "output_len"], value_parser = clap::value_parser!(u64).range(1..))]
    pub concurrency: Option<u64>,
    /// Tokens of a prompt.
    #[arg(long, requires = "output_len", value_parser = clap::value_parser!(u64).range(1..))]
    pub input_len: Option<u64>,
    /// Tokens of an output.
    #[arg(long, requires = "input_len", value_parser = clap::value_parser!(u64).range(1..))]
    pub output_len: Option<u64>,
}

impl LoadArguments {
    /// The load, if it was given.
    pub fn load(self) -> Option<Load> {
        Some(Load { concurrency: self.concurrency?, input_len: self.input_len?, output_len: self.output_len? })
    }
}

/// What a link says, with what was ignored in it as text for the standard error.
pub struct Asked {
    /// The deployment.
    pub deployment: Deployment,
    /// What was ignored.
    pub warnings: String,
}

/// The answer to what a link asks: `answer`'s, with what was ignored in the link as warnings before its complaint, or the refusal of
/// a link with a bad value.
pub fn about(link: &str, as_json: bool, answer: impl FnOnce(&Deployment) -> Output) -> Output {
    match read(link, as_json) {
        Ok(Asked { deployment, warnings }) => {
            let outcome = answer(&deployment);
            Output { stderr: warnings + &outcome.stderr, ..outcome }
        }
        Err(refusal) => refusal,
    }
}

/// Reads a link; a bad value of a known key is an error here, as in `estimate`.
pub fn read(link: &str, as_json: bool) -> Result<Asked, Output> {
    let decoded = link::decode(link);
    asked(decoded.deployment, decoded.problems, as_json)
}

/// What a link pins for comparison, if it pins something.
pub fn read_pinned(link: &str, as_json: bool) -> Option<Result<Asked, Output>> {
    link::pinned(link).map(|decoded| asked(decoded.deployment, decoded.problems, as_json))
}

fn asked(deployment: Deployment, problems: Vec<LinkProblem>, as_json: bool) -> Result<Asked, Output> {
    let is_bad = |problem: &LinkProblem| matches!(problem.kind, LinkProblemKind::BadValue | LinkProblemKind::TooLong);
    let (bad, ignored): (Vec<LinkProblem>, Vec<LinkProblem>) = problems.into_iter().partition(is_bad);
    if !bad.is_empty() {
        return Err(refuse(bad.into_iter().map(BadInput::from).collect(), as_json));
    }
    let warnings = ignored.into_iter().map(|problem| format!("warning: {}\n", Warning::from(problem).message));
    Ok(Asked { deployment, warnings: warnings.collect() })
}

/// The answer to bad input: `errors`, as `estimate` writes them, or lines on the standard error.
pub fn refuse(errors: Vec<BadInput>, as_json: bool) -> Output {
    #[derive(Serialize)]
    struct Shape<'a> {
        errors: &'a [BadInput],
    }
    let stderr = errors.iter().map(|error| format!("error: {}\n", error.message)).collect();
    if as_json {
        return Output { stdout: json(&Shape { errors: &errors }), stderr: String::new(), status: BAD };
    }
    Output { stdout: String::new(), stderr, status: BAD }
}

/// The answer to a file that can't be read, or says nothing.
pub fn bad_file(file: &Path, message: String, as_json: bool) -> Output {
    refuse(vec![BadInput { field: "file".into(), value: file.display().to_string(), message }], as_json)
}

/// The answer to an impossible deployment.
pub fn refuse_problems(problems: DeploymentError, as_json: bool) -> Output {
    refuse(problems.0.into_iter().map(BadInput::from).collect(), as_json)
}

/// The answer to one impossible thing.
pub fn refuse_problem(problem: InvalidSetting, as_json: bool) -> Output {
    refuse(vec![BadInput::from(problem)], as_json)
}
