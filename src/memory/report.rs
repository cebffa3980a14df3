//! The report on a deployment.

use super::contributor::Contributor;
use super::kv_cache::{Binding, KvCache};
use super::rank::Rank;
use super::stage::Stage;
use super::upper_bound::UpperBound;
use crate::deployment::Note;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use serde::Serialize;

/// Whether a deployment fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The deployment fits.
    Fits {
        /// Memory that stays free on the rank with the least.
        room: Bytes,
        /// Whether the result lies within the uncertainty of the figures.
        uncertain: bool,
    },
    /// The deployment fails.
    Fails {
        /// The stage of start-up.
        stage: Stage,
        /// The missing memory.
        short: Bytes,
        /// The rank.
        rank: u64,
    },
}

impl Verdict {
    /// Whether the deployment fits.
    pub fn fits(&self) -> bool {
        matches!(self, Verdict::Fits { .. })
    }

    /// The key in JSON and in the page's `data-verdict`: `fits`, `fits_uncertain` or `fails`.
    pub fn key(&self) -> &'static str {
        match self {
            Verdict::Fits { uncertain: false, .. } => "fits",
            Verdict::Fits { uncertain: true, .. } => "fits_uncertain",
            Verdict::Fails { .. } => "fails",
        }
    }
}

/// The report on a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Every rank.
    pub ranks: Vec<Rank>,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// The number of parameters of the model.
    pub parameters: u64,
    /// The longest sequence that the engine is built for.
    pub max_seq_len: u64,
    /// Whether the deployment fits.
    pub verdict: Verdict,
    /// The upper bound that `check_gpt_mem_usage` prints for rank 0 after the build; `None` if the
    /// backend builds no engine.
    pub upper_bound: Option<UpperBound>,
    /// Whether the overhead includes adapters, recurrent states or masks.
    pub(super) more_overhead: bool,
    /// Corrections by TensorRT-LLM, and other notes.
    pub notes: Vec<Note>,
}

impl Report {
    /// The rank that limits the KV cache: the one with room for the fewest tokens.
    pub fn kv_limiting_rank(&self) -> Option<&Rank> {
        self.ranks.iter().find(|rank| rank.rank == self.kv_cache.tightest_rank)
    }

    /// The rank with the least free memory; of several the one that uses the most memory.
    pub fn least_free_rank(&self) -> Option<&Rank> {
        Rank::least_free(&self.ranks)
    }

    /// The rank that uses the most memory; the first of several.
    pub fn most_used_rank(&self) -> Option<&Rank> {
        Rank::most_used(&self.ranks)
    }

    /// The name of `contributor` in this report.
    pub fn label(&self, contributor: Contributor) -> &'static str {
        contributor.label_with(self.more_overhead)
    }

    /// Ranges of consecutive ranks that use their memory alike.
    pub fn alike(&self) -> Vec<&[Rank]> {
        self.ranks.chunk_by(Rank::is_like).collect()
    }

    /// The headline of the verdict: "Fits.", "Fits, but within the uncertainty." or "Does not fit."
    pub fn headline(&self) -> &'static str {
        match self.verdict {
            Verdict::Fits { uncertain: false, .. } => "Fits.",
            Verdict::Fits { uncertain: true, .. } => "Fits, but within the uncertainty.",
            Verdict::Fails { .. } => "Does not fit.",
        }
    }

    /// The sentence that follows the headline.
    pub fn sentence(&self, units: Units) -> String {
        match &self.verdict {
            Verdict::Fits { .. } => {
                let sequences = match self.kv_cache.max_sequences {
                    1 => "1 sequence".into(),
                    more => format!("{} sequences", grouped(more)),
                };
                let (tokens, length) = (grouped(self.kv_cache.tokens), grouped(self.max_seq_len));
                if self.kv_cache.binding == Binding::WholeBatch {
                    return format!("The KV cache holds the whole batch: {sequences} of {length} tokens.");
                }
                if let Some(cross) = self.kv_cache.cross {
                    let rows = grouped(cross.blocks.saturating_mul(self.kv_cache.tokens_per_block));
                    return format!(
                        "The KV cache holds {tokens} tokens and {rows} rows of encoders' outputs: {sequences} \
                         of {length}."
                    );
                }
                format!("The KV cache holds {tokens} tokens: {sequences} of {length}.")
            }
            Verdict::Fails { stage, short, rank } => {
                let location = if self.ranks.len() > 1 { format!(" on GPU {rank}") } else { String::new() };
                format!("It fails{location} when {}, {} short.", stage.text(), short.display(units))
            }
        }
    }

    /// A line below the verdict: the memory in use, the free memory, and their uncertainty.
    pub fn detail(&self, units: Units) -> String {
        let Some(rank) = self.kv_limiting_rank() else {
            return String::new();
        };
        let whose = if self.ranks.len() > 1 { format!("of GPU {}'s", rank.rank) } else { "of the GPU's".into() };
        let unit = units.giga();
        let size = |bytes: Bytes| grouped_decimal(bytes.giga(units), 1);
        let total = size(rank.total);
        let off = |most: f64| match size(Bytes(most as u64)).as_str() {
            "0.0" => format!("less than 0.1 {unit}"),
            size => format!("± {size} {unit}"),
        };
        match &self.verdict {
            Verdict::Fits { room, .. } => {
                let (used, room) = (size(rank.used()), size(*room));
                let uncertainty = off(rank.free_band().widest());
                let cache = off(rank.figure(Contributor::KvCache).band().widest());
                format!(
                    "It takes {used} {whose} {total} {unit}; {room} {unit} stay free. Uncertain by \
                     {uncertainty}, and the KV cache by {cache}."
                )
            }
            Verdict::Fails { .. } => {
                let uncertainty = off(rank.uncertainty().0 as f64);
                let needed = size(rank.used_without_kv_cache());
                format!("Without a KV cache it needs {needed} {whose} {total} {unit}. Uncertain by {uncertainty}.")
            }
        }
    }
}
