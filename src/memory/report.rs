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
                let requests = full_length_requests(self.kv_cache.max_sequences, self.max_seq_len);
                let tokens = grouped(self.kv_cache.tokens);
                if self.kv_cache.binding == Binding::WholeBatch {
                    return format!("The KV cache holds the whole batch: {requests}.");
                }
                if let Some(cross) = self.kv_cache.cross {
                    let rows = grouped(cross.blocks.saturating_mul(self.kv_cache.tokens_per_block));
                    return format!(
                        "The KV cache holds {tokens} tokens and {rows} rows of encoders' outputs: {requests}."
                    );
                }
                format!("The KV cache holds {tokens} tokens: {requests}.")
            }
            Verdict::Fails { stage, short, rank } => {
                let location = if self.ranks.len() > 1 { format!(" on GPU {rank}") } else { String::new() };
                format!("It fails{location} when {}, {} short.", stage.text(), short.display(units))
            }
        }
    }

    /// A line below the verdict: the memory in use and the free memory of the fullest GPU, and the
    /// tokens of the KV cache, each with its likely range.
    pub fn detail(&self, units: Units) -> String {
        let fits = self.verdict.fits();
        let Some(rank) = (if fits { self.least_free_rank() } else { self.kv_limiting_rank() }) else {
            return String::new();
        };
        let unit = units.giga();
        let size = |bytes: Bytes| grouped_decimal(bytes.giga(units), 1);
        let total = size(rank.total);
        if !fits {
            let needed = rank.used_without_kv_cache();
            let (low, high) = rank.available_band.of_rest().ends(needed);
            let likely = likely(size(low), size(high));
            let location = if self.ranks.len() > 1 { format!(" on GPU {}", rank.rank) } else { String::new() };
            return format!("Needs {} of {total} {unit}{location} without a KV cache{likely}.", size(needed));
        }
        let location =
            if self.ranks.len() > 1 { format!(" on the fullest GPU (GPU {})", rank.rank) } else { String::new() };
        let (low, high) = rank.free_band().ends(rank.free);
        let free = likely(size(low), size(high));
        let tokens = self.kv_cache.likely_tokens();
        let tokens = tokens.map_or_else(String::new, |range| format!(" The KV cache likely holds {range} tokens."));
        format!(
            "Uses {} of {total} {unit}{location}; {} {unit} free{free}.{tokens}",
            size(rank.used()),
            size(rank.free)
        )
    }
}

/// "4 full-length requests (163,840 tokens each)".
fn full_length_requests(requests: u64, length: u64) -> String {
    let length = grouped(length);
    match requests {
        1 => format!("1 full-length request ({length} tokens)"),
        more => format!("{} full-length requests ({length} tokens each)", grouped(more)),
    }
}

/// The end of a statement about a figure with this range; empty if both ends are printed alike.
fn likely(low: String, high: String) -> String {
    if low == high { String::new() } else { format!(", likely {low} to {high}") }
}
