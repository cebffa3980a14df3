//! The parts that a GPU's memory is divided into.

use std::fmt::{Display, Formatter};
use std::str::FromStr;
use thiserror::Error;

/// A part of a GPU's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contributor {
    /// The model's tensors.
    Weights,
    /// The execution context: TensorRT's memory for activations and plugin workspaces. With the PyTorch backend the peak of the
    /// profiling pass above what persists.
    Activations,
    /// Inputs, outputs and bookkeeping of the runtime. With the PyTorch backend what persists inside torch beside weights and
    /// sampler.
    RuntimeBuffers,
    /// The sampler's state.
    DecoderBuffers,
    /// The pool of KV blocks.
    KvCache,
    /// CUDA context, loaded code, communication.
    Overhead,
}

impl Contributor {
    /// Every contributor, from the bottom of a bar to its top.
    pub const ALL: [Contributor; 6] = [
        Contributor::Weights,
        Contributor::Activations,
        Contributor::RuntimeBuffers,
        Contributor::DecoderBuffers,
        Contributor::KvCache,
        Contributor::Overhead,
    ];

    /// The key in JSON and in the page's `data-contributor`.
    pub fn key(self) -> &'static str {
        match self {
            Contributor::Weights => "weights",
            Contributor::Activations => "activations",
            Contributor::RuntimeBuffers => "runtime_buffers",
            Contributor::DecoderBuffers => "decoder_buffers",
            Contributor::KvCache => "kv_cache",
            Contributor::Overhead => "overhead",
        }
    }

    /// What a person would call it.
    pub fn label(self) -> &'static str {
        match self {
            Contributor::Weights => "Weights",
            Contributor::Activations => "Activations",
            Contributor::RuntimeBuffers => "Runtime buffers",
            Contributor::DecoderBuffers => "Decoder buffers",
            Contributor::KvCache => "KV cache",
            Contributor::Overhead => "CUDA, NCCL, libraries",
        }
    }

    /// The same, where the overhead may hold more: adapters, recurrent states, masks.
    pub(super) fn label_with(self, more_overhead: bool) -> &'static str {
        match self {
            Contributor::Overhead if more_overhead => "CUDA, NCCL, libraries and more",
            _ => self.label(),
        }
    }

    /// One line about it.
    pub fn meaning(self) -> &'static str {
        match self {
            Contributor::Weights => {
                "The model's tensors on this rank. Fixed by the model, quant_algo, tp_size and pp_size."
            }
            Contributor::Activations => {
                "What the largest step needs for a while: TensorRT's execution context, fixed when the engine is built; with the PyTorch backend the profiling peak above what persists."
            }
            Contributor::RuntimeBuffers => {
                "What stays allocated for the largest batch and sequence: the runtime's inputs, outputs and bookkeeping; with the PyTorch backend workspaces and tables inside torch."
            }
            Contributor::DecoderBuffers => "The sampler's state: tokens, probabilities and penalties of every slot.",
            Contributor::KvCache => "Keys and values of the tokens in flight, allocated at start as a pool of blocks.",
            Contributor::Overhead => {
                "CUDA context, loaded code, communication, and what is allocated after the KV cache."
            }
        }
    }
}

/// Writes the key.
impl Display for Contributor {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}

/// An error: no contributor has this key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown contributor \"{0}\"; expected one of {list}", list = Contributor::ALL.map(Contributor::key).join(", "))]
pub struct UnknownContributor(pub String);

/// Parses the key.
impl FromStr for Contributor {
    type Err = UnknownContributor;

    fn from_str(key: &str) -> Result<Contributor, UnknownContributor> {
        let known = Contributor::ALL.into_iter().find(|contributor| contributor.key() == key);
        known.ok_or_else(|| UnknownContributor(key.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn contributors_are_parsed_from_what_they_are_displayed_as() {
        for contributor in Contributor::ALL {
            assert_eq!(contributor.to_string().parse(), Ok(contributor));
        }
        assert_eq!(Contributor::RuntimeBuffers.to_string(), "runtime_buffers");
        let error = "Weights".parse::<Contributor>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown contributor \"Weights\"; expected one of weights, activations, runtime_buffers, \
             decoder_buffers, kv_cache, overhead"
        );
    }
}
