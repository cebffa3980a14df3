//! The link and the load that a subcommand is given.

use super::{BAD, Output, json};
use clap::Args;
use serde::Serialize;
use std::path::Path;
use trtllm_memory::deployment::{Deployment, DeploymentError, InvalidSetting};
use trtllm_memory::explore::Load;
use trtllm_memory::export::json::{BadInput, Warning};
use trtllm_memory::link::{self, LinkProblem, LinkProblemKind};
use trtllm_memory::units::count;

/// The arguments of a load.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct LoadArguments {
    /// Sequences that must run at once.
    #[arg(long, requires_all = ["input_len", "output_len"], value_parser = positive)]
    pub concurrency: Option<u64>,
    /// Tokens of a prompt.
    #[arg(long, requires = "output_len", value_parser = positive)]
    pub input_len: Option<u64>,
    /// Tokens of an output.
    #[arg(long, requires = "input_len", value_parser = positive)]
    pub output_len: Option<u64>,
}

impl LoadArguments {
    /// The load, if all of its arguments are given.
    pub(super) fn load(self) -> Option<Load> {
        Some(Load { concurrency: self.concurrency?, input_len: self.input_len?, output_len: self.output_len? })
    }
}

/// Parses a number of sequences or tokens.
pub(super) fn positive(text: &str) -> Result<u64, &'static str> {
    count(text).filter(|number| *number > 0).ok_or("must be a whole number above 0, such as 8192, 8k or 2^13")
}

/// The deployment of a link.
pub(super) struct ParsedLink {
    /// The deployment.
    pub deployment: Deployment,
    /// Warnings about ignored parts of the link, as text for standard error.
    pub warnings: String,
}

/// Passes the deployment of a link to `answer`, and adds the link's warnings to its output.
/// A link with an invalid value is refused.
pub(super) fn about(link: &str, as_json: bool, answer: impl FnOnce(&Deployment) -> Output) -> Output {
    match read(link, as_json) {
        Ok(ParsedLink { deployment, warnings }) => {
            let outcome = answer(&deployment);
            Output { stderr: warnings + &outcome.stderr, ..outcome }
        }
        Err(refusal) => refusal,
    }
}

/// Parses a link. An invalid value of a known key is an error, as in `estimate`.
pub(super) fn read(link: &str, as_json: bool) -> Result<ParsedLink, Output> {
    let decoded = link::decode(link);
    parsed(decoded.deployment, decoded.problems, as_json)
}

/// Parses the deployment that a link pins for comparison, if it pins one.
pub(super) fn read_pinned(link: &str, as_json: bool) -> Option<Result<ParsedLink, Output>> {
    link::pinned(link).map(|decoded| parsed(decoded.deployment, decoded.problems, as_json))
}

fn parsed(deployment: Deployment, problems: Vec<LinkProblem>, as_json: bool) -> Result<ParsedLink, Output> {
    let is_bad = |problem: &LinkProblem| matches!(problem.kind, LinkProblemKind::BadValue | LinkProblemKind::TooLong);
    let (bad, ignored): (Vec<LinkProblem>, Vec<LinkProblem>) = problems.into_iter().partition(is_bad);
    if !bad.is_empty() {
        return Err(refuse(bad.into_iter().map(BadInput::from).collect(), as_json));
    }
    let warnings = ignored.into_iter().map(|problem| format!("warning: {}\n", Warning::from(problem).message));
    Ok(ParsedLink { deployment, warnings: warnings.collect() })
}

/// The output for invalid input: `errors` as in `estimate`'s JSON, or lines on standard error.
pub(super) fn refuse(errors: Vec<BadInput>, as_json: bool) -> Output {
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

/// The output for a file that cannot be read or has no known content.
pub(super) fn bad_file(file: &Path, message: String, as_json: bool) -> Output {
    refuse(vec![BadInput { field: "file".into(), value: file.display().to_string(), message }], as_json)
}

/// The output for an invalid deployment.
pub(super) fn refuse_problems(problems: DeploymentError, as_json: bool) -> Output {
    refuse(problems.0.into_iter().map(BadInput::from).collect(), as_json)
}

/// The output for one invalid setting or argument.
pub(super) fn refuse_problem(problem: InvalidSetting, as_json: bool) -> Output {
    refuse(vec![BadInput::from(problem)], as_json)
}
