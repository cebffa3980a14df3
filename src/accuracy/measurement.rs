//! Measurements, and the configurations that they belong to.

use super::{Compared, Exclusion};
use crate::deployment::{Deployment, setting};
use crate::units::{GIB, KIB, MIB};

/// A figure as it was printed. The true figure lies between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// The printed figure, in bytes, or a count of blocks, tokens or sequences.
    pub value: f64,
    /// The smallest number with the same printed figure.
    pub low: f64,
    /// The largest number with the same printed figure.
    pub high: f64,
}

impl Printed {
    /// A figure that was printed without rounding.
    pub const fn exactly(value: f64) -> Printed {
        Printed { value, low: value, high: value }
    }

    /// A figure of `amount` units that was rounded to hundredths.
    fn to_hundredths(amount: f64, unit: u64) -> Printed {
        let at = |amount: f64| amount * unit as f64;
        Printed { value: at(amount), low: at(amount - 0.005), high: at(amount + 0.005) }
    }

    /// A figure of `amount` whole units whose fraction was cut off.
    fn cut_off(amount: f64, unit: f64) -> Printed {
        Printed { value: amount * unit, low: amount * unit, high: (amount + 1.0) * unit }
    }

    /// A figure of `mib` MiB that was printed in the largest unit that makes it at least one,
    /// rounded to hundredths.
    fn in_its_unit(mib: f64) -> Printed {
        match mib * MIB as f64 {
            bytes if bytes >= GIB as f64 => Printed::to_hundredths(bytes / GIB as f64, GIB),
            bytes if bytes < MIB as f64 => Printed::to_hundredths(bytes / KIB as f64, KIB),
            _ => Printed::to_hundredths(mib, MIB),
        }
    }

    /// Whether `number` has the same printed figure.
    pub fn covers(&self, number: f64) -> bool {
        let slack = self.value.abs() * 1e-9;
        (self.low - slack..=self.high + slack).contains(&number)
    }
}

/// The figures of one deployment. Sizes are bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// The engine's tensors on one GPU.
    pub weights: Option<Printed>,
    /// The memory that torch holds after warm-up: weights and persistent buffers (PyTorch backend).
    pub inside_torch: Option<Printed>,
    /// The execution context.
    pub activations: Option<Printed>,
    /// The runtime's buffers.
    pub runtime_buffers: Option<Printed>,
    /// The decoder's buffers.
    pub decoder_buffers: Option<Printed>,
    /// Total memory of the GPU.
    pub total: Option<Printed>,
    /// The free memory just before the KV cache was sized.
    pub available: Option<Printed>,
    /// Blocks of the KV cache.
    pub blocks: Option<Printed>,
    /// Tokens that the KV cache holds.
    pub kv_tokens: Option<Printed>,
    /// Size of the KV cache.
    pub kv_bytes: Option<Printed>,
    /// Sequences of `max_seq_len` that the KV cache holds.
    pub sequences: Option<Printed>,
}

impl Measured {
    /// Sets a figure by its name in the files of measurements, such as `context_mib`. Returns
    /// whether the name is known.
    pub fn set(&mut self, name: &str, amount: f64) -> bool {
        let (slot, printed) = match name {
            // The builder's exact count takes precedence over the log's rounded figure, in any
            // order.
            "total_weights_bytes" => (&mut self.weights, Printed::exactly(amount)),
            "total_activation_bytes" => (&mut self.activations, Printed::exactly(amount)),
            "engine_gpu_mib" if self.weights.is_some() => return true,
            "context_mib" if self.activations.is_some() => return true,
            "engine_gpu_mib" => (&mut self.weights, Printed::cut_off(amount, MIB as f64)),
            "context_mib" => (&mut self.activations, Printed::to_hundredths(amount, MIB)),
            "runtime_buffers_mib" => (&mut self.runtime_buffers, Printed::in_its_unit(amount)),
            "decoder_mib" => (&mut self.decoder_buffers, Printed::in_its_unit(amount)),
            "weights_torch_gib" => (&mut self.inside_torch, Printed::to_hundredths(amount, GIB)),
            "total_gib" => (&mut self.total, Printed::to_hundredths(amount, GIB)),
            "available_gib" => (&mut self.available, Printed::to_hundredths(amount, GIB)),
            "kv_gib" => (&mut self.kv_bytes, Printed::to_hundredths(amount, GIB)),
            "blocks" => (&mut self.blocks, Printed::exactly(amount)),
            "kv_tokens" => (&mut self.kv_tokens, Printed::exactly(amount)),
            "sequences" => (&mut self.sequences, Printed::cut_off(amount, 1.0)),
            _ => return false,
        };
        *slot = Some(printed);
        true
    }
}

/// A setting that the source does not state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The key of the setting.
    pub key: &'static str,
    /// Other values that it may have had. If one of them changes a prediction, that figure is left
    /// out.
    pub alternatives: Vec<String>,
    /// The reason why it is unknown, if the source has a hint.
    pub why: Option<String>,
}

impl Unknown {
    /// A setting that may have had any of `alternatives`.
    pub fn new<T: ToString>(key: &'static str, alternatives: impl IntoIterator<Item = T>) -> Unknown {
        Unknown { key, alternatives: alternatives.into_iter().map(|value| value.to_string()).collect(), why: None }
    }

    /// The same setting with the reason why it is unknown.
    pub fn because(self, why: Option<String>) -> Unknown {
        Unknown { why, ..self }
    }

    /// The key, with the reason if there is one.
    pub(super) fn describe(&self) -> String {
        self.why.as_ref().map_or_else(|| self.key.to_string(), |why| format!("{} ({why})", self.key))
    }

    /// Returns the deployment with each of the alternatives.
    pub(super) fn variants<'a>(&'a self, deployment: &'a Deployment) -> impl Iterator<Item = Deployment> + 'a {
        self.alternatives.iter().filter_map(|value| {
            let mut variant = deployment.clone();
            setting(self.key)?.read(&mut variant, value).ok()?;
            Some(variant)
        })
    }
}

/// The published configuration and figures of a real deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// A name that is unique in its file.
    pub id: String,
    /// The publication.
    pub source: String,
    /// `tensorrt` or `pytorch`.
    pub backend: String,
    /// The configuration, or the reason why it is unknown or not modelled.
    pub deployment: Result<Deployment, Exclusion>,
    /// Unknown settings of the configuration.
    pub unknown: Vec<Unknown>,
    /// Figures that cannot be compared, with the reasons.
    pub withheld: Vec<(Compared, Exclusion)>,
    /// The figures.
    pub measured: Measured,
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_figure_covers_the_numbers_with_the_same_printed_form() {
        let mut measured = Measured::default();
        assert!(measured.set("engine_gpu_mib", 6678.0));
        assert!(measured.weights.unwrap().covers(6678.9 * MIB as f64));
        assert!(!measured.weights.unwrap().covers(6677.9 * MIB as f64));
        // 1.63 GB in the log is 1669.12 MiB in a table.
        assert!(measured.set("runtime_buffers_mib", 1669.12));
        assert!(measured.runtime_buffers.unwrap().covers(1.6349 * GIB as f64));
        assert!(!measured.runtime_buffers.unwrap().covers(1.6351 * GIB as f64));
        assert!(!measured.set("colour", 1.0));
    }

    #[test]
    fn the_builders_figure_takes_precedence_over_the_rounded_one() {
        for names in [["context_mib", "total_activation_bytes"], ["total_activation_bytes", "context_mib"]] {
            let mut measured = Measured::default();
            for name in names {
                measured.set(name, if name == "context_mib" { 480.1 } else { 503_420_928.0 });
            }
            assert_eq!(measured.activations, Some(Printed::exactly(503_420_928.0)));
        }
    }
}
