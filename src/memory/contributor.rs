//! Contributors: the parts that the memory of a GPU is divided into.

use std::fmt::{Display, Formatter};
use std::str::FromStr;
use thiserror::Error;

/// A part of the memory of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contributor {
    /// The model's tensors.
    Weights,
    /// The execution context: TensorRT's memory for activations and plugin workspaces. In the
    /// PyTorch backend, the peak of the profiling pass above the persistent memory.
    Activations,
    /// Inputs, outputs and bookkeeping of the runtime. In the PyTorch backend, the persistent
    /// memory inside torch except weights and sampler.
    RuntimeBuffers,
    /// The sampler's state.
    DecoderBuffers,
    /// The pool of KV blocks.
    KvCache,
    /// The CUDA context, loaded code and communication.
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

    /// The key in JSON and in the page's `data-contributor` attribute.
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

    /// The name shown to users.
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

    /// The name shown to users if the overhead may hold adapters, recurrent states or masks.
    pub(super) fn label_with(self, more_overhead: bool) -> &'static str {
        match self {
            Contributor::Overhead if more_overhead => "CUDA, NCCL, libraries and more",
            _ => self.label(),
        }
    }

    /// A one-line description for users.
    pub fn meaning(self) -> &'static str {
        match self {
            Contributor::Weights => {
                "The model's tensors on this rank. Fixed by the model, quant_algo, tp_size and pp_size."
            }
            Contributor::Activations => {
                "Temporary memory of the largest step: TensorRT's execution context, fixed when the engine is \
                 built; in the PyTorch backend the profiling peak above the persistent memory."
            }
            Contributor::RuntimeBuffers => {
                "Persistent memory for the largest batch and sequence: the runtime's inputs, outputs and \
                 bookkeeping; in the PyTorch backend workspaces and tables inside torch."
            }
            Contributor::DecoderBuffers => "The sampler's state: tokens, probabilities and penalties of every slot.",
            Contributor::KvCache => "Keys and values of the tokens in flight, allocated at start as a pool of blocks.",
            Contributor::Overhead => "CUDA context, loaded code, communication, and allocations after the KV cache.",
        }
    }
}

/// Formats the key.
impl Display for Contributor {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}

/// The error for a key that no contributor has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown contributor \"{0}\"; expected one of {all}", all = Contributor::ALL.map(Contributor::key).join(", "))]
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
