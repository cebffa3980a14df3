//! Laws, and the symbols, parts and evidence that explain them.

use super::band::Band;
use super::contributor::Contributor;
use super::weights::StoredTensor;

/// The origin of an input of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A setting of the user, with its link key.
    Chosen(&'static str),
    /// The model's dimensions.
    Model,
    /// The catalogue entry of the GPU.
    Gpu,
    /// A value that TensorRT-LLM derives from other settings.
    Derived,
    /// A constant from TensorRT-LLM's sources.
    Source,
    /// A constant from NCCL's sources.
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

/// An input of a formula, with its notation and meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The notation in formulas: `B`.
    pub text: &'static str,
    /// The meaning: "sequences in a batch".
    pub meaning: &'static str,
    /// The origin of the value.
    pub origin: Origin,
}

/// The evidence for a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Derived from TensorRT-LLM's sources, not yet confirmed by a log.
    Source,
    /// Matches this many public logs to their printed digits.
    Exact {
        /// The number of logs.
        logs: u32,
    },
    /// Constants fitted to the named measurements.
    Fitted {
        /// The measurements.
        on: &'static str,
    },
    /// Follows from the user's input.
    Given,
    /// A guess, for lack of anything better.
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
            Evidence::Given => "follows from your input".into(),
            Evidence::Guess => "a guess".into(),
        }
    }
}

/// A law: a formula's title with its evidence, uncertainty band and source. The formula itself is a
/// generic function over `Number`.
#[derive(Debug, PartialEq)]
pub struct Law {
    /// A one-line description for users.
    pub title: &'static str,
    /// The evidence.
    pub evidence: Evidence,
    /// The fraction of the figure by which the true value may be smaller.
    pub below: f64,
    /// The fraction of the figure by which the true value may be larger.
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

/// The quantity that a figure measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Memory.
    Bytes,
    /// Tokens, blocks, sequences, …
    Count,
}

/// A named part of a formula. Enclosing formulas refer to it by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The name shown to users.
    pub label: String,
    /// The symbol in enclosing formulas; the label if unset.
    pub symbol: Option<&'static str>,
    /// The unit of the value.
    pub unit: Unit,
    /// The law behind it, if it differs from the enclosing law.
    pub law: Option<&'static Law>,
    /// The uncertainty band, if it differs from that of the law.
    pub band: Option<Band>,
    /// The contributor whose size it is, if it is one.
    pub contributor: Option<Contributor>,
    /// The weight tensor whose size it is, if it is one.
    pub tensor: Option<StoredTensor>,
}

impl Part {
    /// A part that is a size in bytes.
    pub fn bytes(label: impl Into<String>) -> Part {
        let label = label.into();
        Part { label, symbol: None, unit: Unit::Bytes, law: None, band: None, contributor: None, tensor: None }
    }

    /// A part that is the size of a weight tensor.
    pub fn tensor(label: impl Into<String>, tensor: StoredTensor) -> Part {
        Part { tensor: Some(tensor), ..Part::bytes(label) }
    }

    /// A part that is the size of a contributor.
    pub fn contributor(contributor: Contributor) -> Part {
        Part { contributor: Some(contributor), ..Part::bytes(contributor.key().replace('_', " ")) }
    }

    /// A part that counts something.
    pub fn count(label: impl Into<String>) -> Part {
        Part { unit: Unit::Count, ..Part::bytes(label) }
    }

    /// The same part, with a symbol for enclosing formulas.
    pub fn symbol(self, symbol: &'static str) -> Part {
        Part { symbol: Some(symbol), ..self }
    }

    /// The same part, with a law of its own.
    pub fn law(self, law: &'static Law) -> Part {
        Part { law: Some(law), ..self }
    }

    /// The same part, with a band of its own.
    pub fn band(self, band: Band) -> Part {
        Part { band: Some(band), ..self }
    }
}
