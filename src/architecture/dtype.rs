//! Number formats of unquantized tensors.

use serde::{Deserialize, Serialize};

/// The number format of a checkpoint or an engine, by TensorRT-LLM's names (`--dtype`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32 bits.
    Float32,
    /// 16 bits, IEEE half precision.
    Float16,
    /// 16 bits with the exponent of float32.
    #[default]
    Bfloat16,
}

impl Dtype {
    /// All formats, in the order in which they are displayed.
    pub const ALL: [Dtype; 3] = [Dtype::Bfloat16, Dtype::Float16, Dtype::Float32];

    /// Bytes per element.
    pub const fn bytes(self) -> u64 {
        match self {
            Dtype::Float32 => 4,
            Dtype::Float16 | Dtype::Bfloat16 => 2,
        }
    }

    /// TensorRT-LLM's name, such as `float16`.
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::Float32 => "float32",
            Dtype::Float16 => "float16",
            Dtype::Bfloat16 => "bfloat16",
        }
    }

    /// Parses a format's name, including the short names `fp32`, `fp16`, `half` and `bf16`.
    pub fn parse(name: &str) -> Option<Dtype> {
        match name.trim().to_ascii_lowercase().as_str() {
            "float32" | "fp32" | "float" => Some(Dtype::Float32),
            "float16" | "fp16" | "half" => Some(Dtype::Float16),
            "bfloat16" | "bf16" => Some(Dtype::Bfloat16),
            _ => None,
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
