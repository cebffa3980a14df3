//! A law, and the names, inputs and evidence that explain it.

use super::band::Band;

/// Where an input of a formula comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user's choice, under this link key.
    Chosen(&'static str),
    /// The model's dimensions.
    Model,
    /// The GPU's catalogue row.
    Gpu,
    /// Follows from other settings, as TensorRT-LLM derives it.
    Derived,
    /// A constant read in TensorRT-LLM's sources.
    Source,
    /// A constant read in NCCL's sources.
    Nccl,
    /// A constant fitted to public logs.
    Calibrated,
}

impl Origin {
    /// The origin in words.
    pub fn text(self) -> String {
        match self {
            Origin::Chosen(key) => format!("chosen: {key}"),
            Origin::Model => "from the model's configuration".into(),
            Origin::Gpu => "from the GPU".into(),
            Origin::Derived => "follows from other settings".into(),
            Origin::Source => "constant in TensorRT-LLM's sources".into(),
            Origin::Nccl => "constant in NCCL's sources".into(),
            Origin::Calibrated => "calibrated on public logs".into(),
        }
    }
}

/// An input of a formula: how it is written and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct Symbol {
    /// As written in a formula: `B`.
    pub text: &'static str,
    /// What it stands for: "sequences in a batch".
    pub meaning: &'static str,
    /// Where its value comes from.
    pub origin: Origin,
}

/// How a law is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Read in TensorRT-LLM's sources, not yet met in a log.
    Source,
    /// Agrees with this many public logs to their printed digits.
    Exact {
        /// The number of logs.
        logs: u32,
    },
    /// Constants fitted to measurements, named here.
    Fitted {
        /// The measurements.
        on: &'static str,
    },
    /// Follows from what a person gave.
    Given,
    /// Nothing better is known.
    Guess,
}

impl Evidence {
    /// The evidence in words.
    pub fn text(self) -> String {
        match self {
            Evidence::Source => "read in TensorRT-LLM's sources".into(),
            Evidence::Exact { logs: 1 } => "agrees with a public log to the printed digit".into(),
            Evidence::Exact { logs } => format!("agrees with {logs} public logs to the printed digit"),
            Evidence::Fitted { on } => format!("fitted on {on}"),
            Evidence::Given => "follows from what you gave".into(),
            Evidence::Guess => "a guess".into(),
        }
    }
}

/// A law: what it says, how well it is known, and where it was read.
#[derive(Debug, PartialEq)]
pub struct Law {
    /// One line, for a person.
    pub title: &'static str,
    /// How it is known.
    pub evidence: Evidence,
    /// How far below the figure the truth may lie, as a fraction of it.
    pub below: f64,
    /// How far above.
    pub above: f64,
    /// The file, page or log behind it.
    pub source: &'static str,
}

impl Law {
    /// The band of a figure of `bytes`.
    pub fn band(&self, bytes: f64) -> Band {
        Band { below: self.below * bytes, above: self.above * bytes }
    }
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Memory.
    Bytes,
    /// Tokens, blocks, sequences, …
    Count,
}

/// A named part of a formula; formulas above it are written with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name, as a person would say it.
    pub label: String,
    /// Its symbol in the formula above it; the label where there is none.
    pub symbol: Option<&'static str>,
    /// What it counts.
    pub unit: Unit,
    /// The law behind it, where it differs from the law above.
    pub law: Option<&'static Law>,
    /// How far off it may be, where that isn't what its law says.
    pub band: Option<Band>,
}

impl Part {
    /// A part that is a size in bytes.
    pub fn bytes(label: impl Into<String>) -> Part {
        Part { label: label.into(), symbol: None, unit: Unit::Bytes, law: None, band: None }
    }

    /// A part that counts something.
    pub fn count(label: impl Into<String>) -> Part {
        Part { unit: Unit::Count, ..Part::bytes(label) }
    }

    /// The same part, written as `symbol` in the formula above.
    pub fn symbol(self, symbol: &'static str) -> Part {
        Part { symbol: Some(symbol), ..self }
    }

    /// The same part, known by `law`.
    pub fn law(self, law: &'static Law) -> Part {
        Part { law: Some(law), ..self }
    }

    /// The same part, which may be off by `band`.
    pub fn band(self, band: Band) -> Part {
        Part { band: Some(band), ..self }
    }
}
