//! The one table of settings: link keys, parsers, formats, inputs, ranges and help. Links, the
//! page's inputs, the native command and the check of a deployment's ranges are all made from it.

mod accessor;
mod custom_model;
mod parse;
mod settings;

use super::{Backend, Deployment, Resolved};
use crate::explanation_text::explanation_text;
use accessor::Accessor;

/// The section of the page that shows a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What is served.
    Model,
    /// The GPUs, and how the model is divided among them.
    Gpus,
    /// Types of weights, computation and KV cache.
    Precision,
    /// Limits that an engine is built with, or the PyTorch backend started with.
    BuildLimits,
    /// The KV cache and other run-time settings.
    KvCache,
    /// What else an engine is built with.
    Engine,
    /// Speculative decoding.
    Speculation,
    /// LoRA adapters and prompt tables.
    Adapters,
    /// How the engine is run.
    Runtime,
    /// The machine around the GPUs.
    Machine,
    /// The dimensions of a model of one's own.
    Dimensions,
    /// What a log measured.
    Calibration,
}

impl Group {
    /// Every group, in the order of the page.
    pub const ALL: [Group; 12] = [
        Group::Model,
        Group::Gpus,
        Group::Precision,
        Group::BuildLimits,
        Group::KvCache,
        Group::Engine,
        Group::Speculation,
        Group::Adapters,
        Group::Runtime,
        Group::Machine,
        Group::Dimensions,
        Group::Calibration,
    ];

    /// Whether few people change it, so that it is folded away at first.
    pub fn is_advanced(self) -> bool {
        !matches!(self, Group::Model | Group::Gpus | Group::Precision | Group::BuildLimits | Group::KvCache)
    }

    /// Whether its settings come from files that a person gives, and have no place among the inputs
    /// before.
    pub fn comes_from_files(self) -> bool {
        matches!(self, Group::Dimensions | Group::Calibration)
    }

    /// The heading.
    pub fn label(self) -> &'static str {
        match self {
            Group::Model => "Model",
            Group::Gpus => "GPUs",
            Group::Precision => "Precision",
            Group::BuildLimits => "Build limits",
            Group::KvCache => "KV cache",
            Group::Engine => "Engine",
            Group::Speculation => "Speculative decoding",
            Group::Adapters => "LoRA and prompt tables",
            Group::Runtime => "Run time",
            Group::Machine => "Machine",
            Group::Dimensions => "A model of your own",
            Group::Calibration => "Calibrated on your log",
        }
    }
}

/// When a setting is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// With the machine.
    Hardware,
    /// When the engine is built.
    Build,
    /// When the engine is started.
    Runtime,
}

impl Phase {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Phase::Hardware => "hardware",
            Phase::Build => "build time",
            Phase::Runtime => "run time",
        }
    }
}

/// The ways to run a model that have a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flows {
    /// Both.
    Both,
    /// Engines built by `trtllm-build`.
    Engine,
    /// The PyTorch backend.
    Pytorch,
}

impl Flows {
    /// Whether `backend` is one of them.
    pub fn has(self, backend: Backend) -> bool {
        match self {
            Flows::Both => true,
            Flows::Engine => backend == Backend::TensorRt,
            Flows::Pytorch => backend == Backend::Pytorch,
        }
    }
}

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// A model's name, found by typing a part of it.
    Model,
    /// A GPU of the catalogue.
    Gpu,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A whole number, most often one of a few.
    Steps {
        /// The usual values.
        usual: &'static [u64],
        /// The largest.
        max: u64,
    },
    /// A whole number with a slider.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
        /// The largest that the slider reaches.
        slider_max: u64,
    },
    /// A number between 0 and 1 with a slider.
    Fraction,
    /// A size in GiB.
    Gib,
    /// On or off.
    Toggle,
    /// A text of its own form, such as a list of numbers.
    Text,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// TensorRT-LLM's name; the key in links and the control's `id`.
    pub key: &'static str,
    /// Other keys that links may use: the dotted ones of the LLM API's configuration, and its names
    /// where the engine flow has others.
    pub aliases: &'static [&'static str],
    /// The ways to run a model that have it.
    pub flows: Flows,
    /// The section of the page that shows it.
    pub group: Group,
    /// When it is fixed.
    pub phase: Phase,
    /// How it is entered.
    pub input: Input,
    /// Whether it may be left to TensorRT-LLM.
    pub optional: bool,
    /// A plain line about it.
    pub help: &'static str,
    /// Whether it has a meaning beside the other settings.
    pub applies: fn(&Deployment) -> bool,
    /// How it is parsed, formatted, compared and checked.
    accessor: Accessor,
    /// The resolved value as text; empty if it does not resolve to one.
    pub effective: fn(&Resolved) -> String,
}

/// Every setting, in the order of links and of the page.
pub static FIELDS: &[Field] = &{
    let mut all = [settings::SETTINGS[0]; settings::SETTINGS.len() + custom_model::DIMENSIONS.len()];
    let mut at = 1;
    while at < all.len() {
        all[at] = match at.checked_sub(settings::SETTINGS.len()) {
            None => settings::SETTINGS[at],
            Some(at) => custom_model::DIMENSIONS[at],
        };
        at += 1;
    }
    all
};

/// The setting with this link key or alias, upper and lower case being alike.
pub fn field(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.keys().any(|known| known.eq_ignore_ascii_case(key)))
}

impl Field {
    /// The key and its aliases.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }

    /// Whether the setting counts in `deployment`: its backend has it, and it has a meaning beside
    /// the other settings.
    pub fn counts(&self, deployment: &Deployment) -> bool {
        self.flows.has(deployment.backend) && (self.applies)(deployment)
    }

    /// A setting of the engine, fixed when it is built, that is always there and has a default of
    /// its own.
    const fn new(key: &'static str, input: Input, accessor: Accessor) -> Field {
        Field {
            key,
            aliases: &[],
            flows: Flows::Both,
            group: Group::Engine,
            phase: Phase::Build,
            input,
            optional: false,
            help: "",
            applies: |_| true,
            accessor,
            effective: |_| String::new(),
        }
    }

    /// Whether its values are numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.input, Input::Steps { .. } | Input::Whole { .. } | Input::Fraction | Input::Gib)
    }

    /// When the setting is fixed in a deployment: without an engine to build, whatever the
    /// checkpoint leaves open is decided at start.
    pub fn phase_in(&self, deployment: &Deployment) -> Phase {
        let in_checkpoint =
            self.group == Group::Model || self.group == Group::Precision && self.key != "kv_cache_dtype";
        match (deployment.backend, self.phase) {
            (Backend::Pytorch, Phase::Build) if !in_checkpoint => Phase::Runtime,
            (_, phase) => phase,
        }
    }

    /// The setting as TensorRT-LLM settles it; as it was chosen where it settles nothing, or where
    /// there is no plan.
    pub fn settled(&self, deployment: &Deployment, resolved: Option<&Resolved>) -> String {
        let settled = resolved.map(self.effective).unwrap_or_default();
        if settled.is_empty() { self.write(deployment) } else { settled }
    }

    /// The setting as a number: what was chosen, or what TensorRT-LLM makes of it; `None` where
    /// that is no number.
    pub fn number(&self, deployment: &Deployment, resolved: &Resolved) -> Option<f64> {
        self.write(deployment).parse().ok().or_else(|| (self.effective)(resolved).parse().ok())
    }

    const fn in_group(self, group: Group, phase: Phase) -> Field {
        Field { group, phase, ..self }
    }

    const fn aliases(self, aliases: &'static [&'static str]) -> Field {
        Field { aliases, ..self }
    }

    const fn engine(self) -> Field {
        Field { flows: Flows::Engine, ..self }
    }

    const fn pytorch(self) -> Field {
        Field { flows: Flows::Pytorch, ..self }
    }

    const fn optional(self) -> Field {
        Field { optional: true, ..self }
    }

    const fn applies(self, applies: fn(&Deployment) -> bool) -> Field {
        Field { applies, ..self }
    }

    const fn effective(self, effective: fn(&Resolved) -> String) -> Field {
        Field { effective, ..self }
    }

    const fn help(self, help: &'static str) -> Field {
        Field { help: explanation_text(help), ..self }
    }
}
