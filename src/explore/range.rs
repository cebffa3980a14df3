//! The range of a setting's values at which a deployment fits, and the reasons for its ends.

use crate::deployment::InvalidSetting;
use crate::memory::{Limit, Stage};
use serde::{Serialize, Serializer};

/// The reason why a value is not feasible.
#[derive(Debug, Clone, PartialEq)]
pub enum LimitReason {
    /// The deployment would fail at this stage of start-up.
    Memory(Stage),
    /// The deployment would no longer run the load, because of this limit.
    Load(Limit),
    /// TensorRT-LLM, the model or the GPU does not support it.
    Impossible(InvalidSetting),
}

impl LimitReason {
    /// The key in JSON: the stage, the limit that the load exceeds, or the impossible setting.
    pub fn key(&self) -> &'static str {
        match self {
            LimitReason::Memory(Stage::LoadWeights) => "weights",
            LimitReason::Memory(Stage::CreateContext) => "activations",
            LimitReason::Memory(Stage::AllocateBuffers) => "buffers",
            LimitReason::Memory(Stage::HoldOneAdapter) => "lora_adapter",
            LimitReason::Memory(Stage::AllocateKvCache) => "kv_cache",
            LimitReason::Memory(Stage::HoldOneSequence) => "one_sequence",
            LimitReason::Memory(Stage::RunFirstSteps) => "first_steps",
            LimitReason::Memory(Stage::HoldWholeBatch) => "whole_batch",
            LimitReason::Memory(Stage::WarmUp) => "warm_up",
            LimitReason::Memory(Stage::Profile) => "profile",
            LimitReason::Load(limit) => limit.key(),
            LimitReason::Impossible(error) => error.field,
        }
    }

    /// The consequence of the value, as a sentence without its subject.
    pub fn text(&self) -> String {
        match self {
            LimitReason::Memory(Stage::HoldOneSequence) => "leaves no room for even one full-length request".into(),
            LimitReason::Memory(stage) => format!("fails when {}", stage.text()),
            LimitReason::Load(limit) => format!("no longer runs the load, which is limited by {}", limit.text()),
            LimitReason::Impossible(error) => format!("is impossible: {}", error.message),
        }
    }
}

/// One end of a feasible range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The last value that fits.
    pub value: f64,
    /// The value, formatted as in a link.
    pub text: String,
    /// The next value, and the reason why it is not feasible; `None` at the end of the setting's
    /// own range.
    pub next: Option<(String, LimitReason)>,
}

/// The values of a setting at which a deployment fits, or runs a load.
#[derive(Debug, Clone, PartialEq)]
pub struct FeasibleRange {
    /// The setting's link key.
    pub key: &'static str,
    /// The current value, formatted as in a link; TensorRT-LLM's default if unset.
    pub today: Option<String>,
    /// Whether the current value fits.
    pub fits: bool,
    /// The smallest value that fits; `None` if no value fits.
    pub smallest: Option<Bound>,
    /// The largest value that fits; `None` if no value fits.
    pub largest: Option<Bound>,
    /// The reason why the current value is not feasible, if no value fits.
    pub never: Option<LimitReason>,
}

impl FeasibleRange {
    /// The bound of interest: the largest value that fits, or the smallest if larger values always
    /// fit.
    pub fn limit(&self) -> Option<&Bound> {
        let bounded = |bound: &&Bound| bound.next.is_some();
        self.largest.as_ref().filter(bounded).or(self.smallest.as_ref().filter(bounded)).or(self.largest.as_ref())
    }

    /// Whether the limit is a largest value.
    pub fn is_largest(&self) -> bool {
        match (self.limit(), &self.largest) {
            (Some(limit), Some(largest)) => std::ptr::eq(limit, largest),
            _ => true,
        }
    }

    /// The reason why the value beyond the limit is not feasible, or why no value is.
    pub fn binding(&self) -> Option<&LimitReason> {
        match self.limit() {
            Some(limit) => limit.next.as_ref().map(|(_, reason)| reason),
            None => self.never.as_ref(),
        }
    }
}

/// As JSON: `key`, `limit`, `binding` and both ends.
impl Serialize for FeasibleRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            key: &'a str,
            today: Option<serde_json::Number>,
            fits: bool,
            limit: Option<serde_json::Number>,
            /// `largest` or `smallest`; null if no value fits.
            kind: Option<&'static str>,
            binding: Option<&'static str>,
            binding_detail: Option<String>,
            next: Option<serde_json::Number>,
            smallest: Option<serde_json::Number>,
            largest: Option<serde_json::Number>,
        }
        let number = |text: &str| text.parse::<serde_json::Number>().ok();
        let limit = self.limit();
        Shape {
            key: self.key,
            today: self.today.as_deref().and_then(number),
            fits: self.fits,
            limit: limit.and_then(|bound| number(&bound.text)),
            kind: limit.map(|_| if self.is_largest() { "largest" } else { "smallest" }),
            binding: self.binding().map(LimitReason::key),
            binding_detail: self.binding().map(LimitReason::text),
            next: limit.and_then(|bound| number(&bound.next.as_ref()?.0)),
            smallest: self.smallest.as_ref().and_then(|bound| number(&bound.text)),
            largest: self.largest.as_ref().and_then(|bound| number(&bound.text)),
        }
        .serialize(serializer)
    }
}
