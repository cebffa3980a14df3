//! Commands, configuration files and Python that start a deployment.
//!
//! Flags and keys are those of TensorRT-LLM's own scripts in the deployment's version, and no
//! others. Values that affect memory are always written out, so that a later version with other
//! defaults starts the same deployment.

mod build;
mod checkpoint;
mod options;
mod pytorch;
mod run;
mod serve;
mod shell;
mod triton;

use crate::deployment::{Backend, Deployment, DeploymentError, Resolved};
use options::{Options, literal};
use serde::{Serialize, Serializer};

/// The folder of the Hugging Face checkpoint.
const MODEL_DIR: &str = "model";
/// The folder of TensorRT-LLM's checkpoint.
const CHECKPOINT_DIR: &str = "checkpoint";
/// The folder of the engine.
const ENGINE_DIR: &str = "engine";
/// The file of `trtllm-serve`'s configuration.
const CONFIG_FILE: &str = "config.yaml";

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Commands of a POSIX shell.
    Shell,
    /// YAML.
    Yaml,
    /// Python.
    Python,
    /// Protocol buffers as text, for Triton's configuration.
    Protobuf,
}

impl Language {
    /// The name in Markdown's code fences.
    pub fn name(self) -> &'static str {
        match self {
            Language::Shell => "sh",
            Language::Yaml => "yaml",
            Language::Python => "python",
            Language::Protobuf => "protobuf",
        }
    }
}

/// A command to run, or a file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The purpose.
    pub title: &'static str,
    /// The language of the text.
    pub language: Language,
    /// The file to write; `None` for a command.
    pub file: Option<&'static str>,
    /// The text, which ends with a line feed.
    pub text: String,
}

impl Step {
    fn shell(title: &'static str, text: String) -> Step {
        Step { title, language: Language::Shell, file: None, text }
    }

    fn file(title: &'static str, language: Language, file: &'static str, text: String) -> Step {
        Step { title, language, file: Some(file), text }
    }
}

/// One way to build or run a deployment, in steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The key in JSON: `engine`, `checkpoint`, `trtllm-serve`, `llm-api`, `run.py` or `triton`.
    pub key: &'static str,
    /// The title.
    pub title: &'static str,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// Remarks on the steps.
    pub notes: Vec<String>,
}

impl Recipe {
    /// The recipe for Python, with the `LLM` of `module` and its `options`.
    fn of_llm_api(module: &str, options: &Options) -> Recipe {
        let text = format!(
            "from {module} import LLM\nfrom tensorrt_llm.llmapi import {}\n\n\
             if __name__ == \"__main__\":\n    llm = LLM(\n{}    )\n    print(llm.generate({}).outputs[0].text)\n",
            options.classes().join(", "),
            options.python(8),
            literal("Hello, my name is"),
        );
        let step = Step::file("Generate in Python", Language::Python, "generate.py", text);
        Recipe { key: "llm-api", title: "Use from Python", steps: vec![step], notes: Vec::new() }
    }
}

/// Returns the recipes of a deployment: first those that are run once, then alternatives to serve
/// it.
///
/// # Errors
/// With all problems of an invalid deployment.
pub fn recipes(deployment: &Deployment) -> Result<Vec<Recipe>, DeploymentError> {
    let resolved = deployment.resolve()?;
    Ok(match deployment.backend {
        Backend::TensorRt => engine(deployment, &resolved),
        Backend::Pytorch => pytorch::recipes(deployment, &resolved),
    })
}

/// The recipes of a TensorRT engine: a checkpoint, the engine, and ways to run it.
fn engine(deployment: &Deployment, resolved: &Resolved) -> Vec<Recipe> {
    let (checkpoint, mut notes) = checkpoint::steps(deployment, resolved);
    let mut steps = vec![download(resolved)];
    steps.extend(checkpoint);
    steps.push(Step::shell("Build the engine", build::command(deployment, resolved)));
    if resolved.model.recurrence.is_some() || resolved.model.attention_sinks || resolved.model.indexer.is_some() {
        notes.push(
            "TensorRT engines do not support this model's layers; TensorRT-LLM runs it with its PyTorch backend."
                .into(),
        );
    }
    let build = Recipe { key: "engine", title: "Build the engine, once", steps, notes };
    let mut all = vec![build];
    all.extend(serve::recipe(deployment, resolved));
    all.extend(serve::llm_api(deployment, resolved));
    all.push(run::recipe(deployment, resolved));
    all.push(triton::recipe(deployment, resolved));
    all
}

fn download(resolved: &Resolved) -> Step {
    let command =
        shell::Line::new("huggingface-cli download").value(&resolved.model.name).flag("--local-dir", MODEL_DIR);
    Step::shell("Download the model", command.text())
}

/// Formats the recipes as one Markdown text, for a terminal or a ticket.
pub fn markdown(recipes: &[Recipe]) -> String {
    let mut text = String::new();
    for (index, recipe) in recipes.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&format!("## {}\n", recipe.title));
        for step in &recipe.steps {
            let title = step.file.map_or_else(|| step.title.to_string(), |file| format!("{}: `{file}`", step.title));
            text.push_str(&format!("\n{title}\n\n```{}\n{}```\n", step.language.name(), step.text));
        }
        for note in &recipe.notes {
            text.push_str(&format!("\nNote: {note}\n"));
        }
    }
    text
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            title: &'a str,
            language: &'a str,
            file: Option<&'a str>,
            text: &'a str,
        }
        let Step { title, language, file, text } = self;
        Shape { title, language: language.name(), file: *file, text }.serialize(serializer)
    }
}

impl Serialize for Recipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            key: &'a str,
            title: &'a str,
            steps: &'a [Step],
            notes: &'a [String],
        }
        let Recipe { key, title, steps, notes } = self;
        Shape { key, title, steps, notes }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
