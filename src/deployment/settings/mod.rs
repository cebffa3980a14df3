//! The table of settings: link keys, parsers, formats, inputs, ranges and help. Links, the page's
//! inputs, the native command and the range checks of a deployment are derived from it.

mod accessor;
mod custom_model;
mod parse;
mod table;

use super::{Backend, Deployment, Resolved};
use crate::explanation_text::explanation_text;
use accessor::Accessor;

/// The section of the page that shows a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The model.
    Model,
    /// The GPUs, and the division of the model among them.
    Gpus,
    /// Types of weights, computation and KV cache.
    Precision,
    /// The limits with which an engine is built or the PyTorch backend is started.
    Limits,
    /// The KV cache and other run-time settings.
    KvCache,
    /// Other build-time settings of an engine.
    Engine,
    /// Speculative decoding.
    Speculation,
    /// LoRA adapters and prompt tables.
    Adapters,
    /// CUDA graphs and other run-time settings.
    Runtime,
    /// The machine around the GPUs.
    Machine,
    /// The dimensions of a custom model.
    Dimensions,
    /// Sizes measured in a log.
    Calibration,
}

impl Group {
    /// Every group, in the order of the page.
    pub const ALL: [Group; 12] = [
        Group::Model,
        Group::Gpus,
        Group::Precision,
        Group::Limits,
        Group::KvCache,
        Group::Engine,
        Group::Speculation,
        Group::Adapters,
        Group::Runtime,
        Group::Machine,
        Group::Dimensions,
        Group::Calibration,
    ];

    /// Whether its settings are seldom changed, so that it is collapsed at first.
    pub fn is_advanced(self) -> bool {
        !matches!(self, Group::Model | Group::Gpus | Group::Precision | Group::Limits | Group::KvCache)
    }

    /// Whether its settings come from files of the user. It is hidden until such a file is opened.
    pub fn comes_from_files(self) -> bool {
        matches!(self, Group::Dimensions | Group::Calibration)
    }

    /// Returns the heading.
    pub fn label(self) -> &'static str {
        match self {
            Group::Model => "Model",
            Group::Gpus => "GPUs",
            Group::Precision => "Precision",
            Group::Limits => "Limits",
            Group::KvCache => "KV cache",
            Group::Engine => "Engine",
            Group::Speculation => "Speculative decoding",
            Group::Adapters => "LoRA and prompt tables",
            Group::Runtime => "CUDA graphs and runtime",
            Group::Machine => "Machine",
            Group::Dimensions => "Custom model",
            Group::Calibration => "Calibration by your log",
        }
    }
}

/// The time at which a setting is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// With the choice of hardware.
    Hardware,
    /// At build time of the engine.
    Build,
    /// At run time, when the engine is started.
    Runtime,
}

impl Phase {
    /// Returns the display name.
    pub fn label(self) -> &'static str {
        match self {
            Phase::Hardware => "hardware",
            Phase::Build => "build time",
            Phase::Runtime => "run time",
        }
    }
}

/// The backends that have a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flows {
    /// Both backends.
    Both,
    /// Only engines built by `trtllm-build`.
    Engine,
    /// Only the PyTorch backend.
    Pytorch,
}

impl Flows {
    /// Whether `backend` is included.
    pub fn has(self, backend: Backend) -> bool {
        match self {
            Flows::Both => true,
            Flows::Engine => backend == Backend::TensorRt,
            Flows::Pytorch => backend == Backend::Pytorch,
        }
    }
}

/// The input control of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// A model's name, with completion.
    Model,
    /// A GPU of the catalogue.
    Gpu,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A whole number with a few usual values.
    Steps {
        /// The usual values.
        usual: &'static [u64],
        /// The maximum.
        max: u64,
    },
    /// A whole number with a slider.
    Whole {
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
        /// The maximum of the slider.
        slider_max: u64,
    },
    /// A number between 0 and 1 with a slider.
    Fraction,
    /// A size in GiB.
    Gib,
    /// A boolean.
    Toggle,
    /// A text with its own format, such as a list of numbers.
    Text,
}

/// A row of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// TensorRT-LLM's name; the key in links and the control's `id`.
    pub key: &'static str,
    /// The label on the page: a plain name, unique in its group.
    pub name: &'static str,
    /// Other keys that links may use: the dotted keys of the LLM API's configuration, and its names
    /// if they differ from `trtllm-build`'s.
    pub aliases: &'static [&'static str],
    /// The backends that have it.
    pub flows: Flows,
    /// The section of the page that shows it.
    pub group: Group,
    /// Whether the page shows it before the other settings of its group, which are behind "more".
    pub is_common: bool,
    /// The time at which it is decided.
    pub phase: Phase,
    /// The input control.
    pub input: Input,
    /// Whether it can be unset, for TensorRT-LLM's default.
    pub optional: bool,
    /// A short description.
    pub help: &'static str,
    /// Whether it has an effect, given the other settings.
    pub applies: fn(&Deployment) -> bool,
    /// The parser, formatter, comparison and checks.
    accessor: Accessor,
    /// The resolved value as text; empty if it does not resolve to one.
    pub effective: fn(&Resolved) -> String,
}

/// Every setting, in the order of links and of the page.
pub static SETTINGS: &[Setting] = &{
    let mut all = [table::TABLE[0]; table::TABLE.len() + custom_model::DIMENSIONS.len()];
    let mut at = 1;
    while at < all.len() {
        all[at] = match at.checked_sub(table::TABLE.len()) {
            None => table::TABLE[at],
            Some(at) => custom_model::DIMENSIONS[at],
        };
        at += 1;
    }
    all
};

/// Returns the setting with this link key or alias, ignoring case.
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.keys().any(|known| known.eq_ignore_ascii_case(key)))
}

impl Setting {
    /// Returns the key and its aliases.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }

    /// Whether the setting has an effect in `deployment`: the backend has it, and the other
    /// settings do not disable it.
    pub fn counts(&self, deployment: &Deployment) -> bool {
        self.flows.has(deployment.backend) && (self.applies)(deployment)
    }

    /// Returns a build-time setting in the engine group that always applies and is not optional.
    const fn new(key: &'static str, input: Input, accessor: Accessor) -> Setting {
        Setting {
            key,
            name: "",
            aliases: &[],
            flows: Flows::Both,
            group: Group::Engine,
            is_common: false,
            phase: Phase::Build,
            input,
            optional: false,
            help: "",
            applies: |_| true,
            accessor,
            effective: |_| String::new(),
        }
    }

    /// Whether the values are numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.input, Input::Steps { .. } | Input::Whole { .. } | Input::Fraction | Input::Gib)
    }

    /// Returns the time at which the setting is decided in a deployment. Without an engine build,
    /// settings that are not in the checkpoint are decided at start.
    pub fn phase_in(&self, deployment: &Deployment) -> Phase {
        let in_checkpoint =
            self.group == Group::Model || self.group == Group::Precision && self.key != "kv_cache_dtype";
        match (deployment.backend, self.phase) {
            (Backend::Pytorch, Phase::Build) if !in_checkpoint => Phase::Runtime,
            (_, phase) => phase,
        }
    }

    /// Returns the resolved value as text; if there is none, the value as given.
    pub fn settled(&self, deployment: &Deployment, resolved: Option<&Resolved>) -> String {
        let settled = resolved.map(self.effective).unwrap_or_default();
        if settled.is_empty() { self.write(deployment) } else { settled }
    }

    /// Returns the setting as a number: the given value, or the resolved one if unset. `None` if it
    /// is not a number.
    pub fn number(&self, deployment: &Deployment, resolved: &Resolved) -> Option<f64> {
        self.write(deployment).parse().ok().or_else(|| (self.effective)(resolved).parse().ok())
    }

    const fn name(self, name: &'static str) -> Setting {
        Setting { name, ..self }
    }

    const fn common(self) -> Setting {
        Setting { is_common: true, ..self }
    }

    const fn in_group(self, group: Group, phase: Phase) -> Setting {
        Setting { group, phase, ..self }
    }

    const fn aliases(self, aliases: &'static [&'static str]) -> Setting {
        Setting { aliases, ..self }
    }

    const fn engine(self) -> Setting {
        Setting { flows: Flows::Engine, ..self }
    }

    const fn pytorch(self) -> Setting {
        Setting { flows: Flows::Pytorch, ..self }
    }

    const fn optional(self) -> Setting {
        Setting { optional: true, ..self }
    }

    const fn applies(self, applies: fn(&Deployment) -> bool) -> Setting {
        Setting { applies, ..self }
    }

    const fn effective(self, effective: fn(&Resolved) -> String) -> Setting {
        Setting { effective, ..self }
    }

    const fn help(self, help: &'static str) -> Setting {
        Setting { help: explanation_text(help), ..self }
    }
}
