//! The laws: how much memory each part of a deployment takes, and why.
//!
//! [`estimate`] says how much, [`explain`] why. Both run the same formulas; see [`quantity`].

pub mod engine;
mod explanation;
pub mod kv_cache;
pub mod quantity;
mod report;
mod terms;
pub mod weights;

pub use explanation::{Explanation, Input};
pub use report::{Binding, Contributor, Figure, KvCache, Rank, Report, Stage, Verdict};
pub use terms::Terms;

use crate::deployment::{Deployment, Plan, Problems};
use crate::units::Bytes;
use engine::{activations, decoder_buffers, overhead, runtime_buffers};
use quantity::{Number, Part, Symbol, Traced};

/// How the memory of each GPU is used.
///
/// # Errors
/// Every impossible setting of the deployment.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, memory::{estimate, Contributor}};
/// let report = estimate(&Deployment::default()).unwrap();
/// assert!(report.verdict.fits());
/// assert_eq!(report.ranks[0].figure(Contributor::Weights).bytes.mib().round(), 15381.0);
/// ```
pub fn estimate(deployment: &Deployment) -> Result<Report, Problems> {
    Ok(estimate_plan(&deployment.plan()?))
}

/// Why each contributor of `rank` has its size.
///
/// # Errors
/// Every impossible setting of the deployment.
pub fn explain(deployment: &Deployment, rank: u64) -> Result<Vec<(Contributor, Explanation)>, Problems> {
    let plan = deployment.plan()?;
    let accounts = accounts(&plan);
    let decides = Account::<Traced>::new(&plan, tightest(&plan, &accounts).kind);
    let account = Account::<Traced>::new(&plan, Kind::of(&plan, rank.min(plan.world_size() - 1)));
    let pool = account.pool(&plan, decides.blocks(&plan));
    let [weights, activations, runtime, decoder, overhead] = account.parts;
    let figures = [weights, activations, runtime, decoder, pool, overhead + account.late];
    let explained = Contributor::ALL.into_iter().zip(figures.iter().zip(laws(&plan)));
    Ok(explained
        .map(|(contributor, (figure, law))| (contributor, Explanation::new(contributor.label(), figure, Some(law))))
        .collect())
}

/// The law behind each contributor, in their order.
fn laws(plan: &Plan) -> [&'static quantity::Law; 6] {
    [
        weights::law(plan),
        activations::law(plan),
        &runtime_buffers::LAW,
        decoder_buffers::law(plan.max_beam_width),
        &kv_cache::LAW,
        if plan.free_memory.is_some() { &overhead::MEASURED } else { &overhead::LAW },
    ]
}

/// Ranks of one kind use their memory alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The pipeline stage.
    pub stage: u64,
    /// Contexts of other processes on this GPU.
    pub foreign_contexts: u64,
}

impl Kind {
    fn of(plan: &Plan, rank: u64) -> Kind {
        Kind { stage: rank / plan.tp_size, foreign_contexts: overhead::foreign_contexts(plan, rank) }
    }
}

/// The memory of a rank, but for the KV cache.
struct Account<N> {
    kind: Kind,
    /// Weights, activations, runtime buffers, decoder buffers, and overhead until the KV cache is sized.
    parts: [N; 5],
    /// What is allocated after it.
    late: N,
}

impl<N: Number> Account<N> {
    fn new(plan: &Plan, kind: Kind) -> Account<N> {
        let terms = Terms::new(plan, kind.stage);
        let predicted = [
            weights::weights(&terms),
            activations::activations(&terms),
            runtime_buffers::runtime_buffers(&terms),
            decoder_buffers::decoder_buffers(&terms),
        ];
        let overhead = match plan.free_memory {
            Some(free) => overhead::measured(&terms, free, &predicted),
            None => overhead::overhead(&terms, kind.foreign_contexts),
        };
        let [weights, activations, runtime, decoder] = predicted;
        Account {
            kind,
            parts: [weights, activations, runtime, decoder, overhead],
            late: kv_cache::block_offsets(&terms),
        }
    }

    /// Memory that is left when the KV cache is sized; zero where nothing is.
    fn available(&self, plan: &Plan) -> N {
        static FREE: Symbol = Symbol {
            text: "free",
            meaning: "free memory that a log printed",
            origin: quantity::Origin::Chosen("free_memory_gib"),
        };
        let available = match plan.free_memory {
            Some(free) => N::symbol(&FREE, free.0 as f64),
            None => {
                let total = Terms::<N>::new(plan, self.kind.stage).total();
                (total - N::sum_of(self.parts.to_vec())).max(N::literal(0.0))
            }
        };
        available.part(|| Part::bytes("memory left for the KV cache").symbol("available"))
    }

    /// Tokens that the KV cache could hold if this rank alone decided.
    fn tokens(&self, plan: &Plan) -> N {
        kv_cache::max_tokens(&Terms::new(plan, self.kind.stage), self.available(plan))
    }

    /// Blocks of the KV cache, if this rank decides.
    fn blocks(&self, plan: &Plan) -> N {
        let tokens =
            self.tokens(plan).part(|| Part::count("tokens, on the rank with room for the fewest").symbol("tokens"));
        kv_cache::blocks(&Terms::new(plan, self.kind.stage), tokens)
    }

    /// Bytes of `blocks` on this rank.
    fn pool(&self, plan: &Plan, blocks: N) -> N {
        kv_cache::pool(&Terms::new(plan, self.kind.stage), blocks)
    }
}

/// An account for each kind of rank, in the order of the first rank of each.
fn accounts(plan: &Plan) -> Vec<Account<f64>> {
    let mut accounts: Vec<Account<f64>> = Vec::with_capacity(2);
    for rank in 0..plan.world_size() {
        let kind = Kind::of(plan, rank);
        if !accounts.iter().any(|account| account.kind == kind) {
            accounts.push(Account::new(plan, kind));
        }
    }
    accounts
}

/// The account whose memory holds the fewest tokens: its count holds for all ranks (`MPI_MIN`).
fn tightest<'a>(plan: &Plan, accounts: &'a [Account<f64>]) -> &'a Account<f64> {
    let room = |account: &Account<f64>| {
        let left = plan.gpu_memory.0 as f64 - account.parts.iter().sum::<f64>();
        left / kv_cache::bytes_per_token(&Terms::<f64>::new(plan, account.kind.stage))
    };
    accounts.iter().min_by(|a, b| room(a).total_cmp(&room(b))).unwrap_or(&accounts[0])
}

/// The models' answer for a sound deployment.
pub fn estimate_plan(plan: &Plan) -> Report {
    let accounts = accounts(plan);
    let decides = tightest(plan, &accounts);
    let blocks = decides.blocks(plan);
    let kinds: Vec<Rank> = accounts.iter().map(|account| rank(plan, account, blocks)).collect();
    let ranks: Vec<Rank> = (0..plan.world_size())
        .filter_map(|number| {
            let kind = Kind::of(plan, number);
            let alike = accounts.iter().position(|account| account.kind == kind)?;
            Some(Rank { rank: number, tp_rank: number % plan.tp_size, ..kinds[alike].clone() })
        })
        .collect();
    let tightest_rank = (0..plan.world_size()).find(|rank| Kind::of(plan, *rank) == decides.kind).unwrap_or(0);
    let kv_cache = kv_cache_report(plan, decides, blocks, tightest_rank);
    let verdict = verdict(&ranks, &kv_cache);
    Report {
        ranks,
        kv_cache,
        parameters: plan.model.parameters(),
        max_seq_len: plan.max_seq_len,
        verdict,
        notes: plan.notes.clone(),
    }
}

fn kv_cache_report(plan: &Plan, decides: &Account<f64>, blocks: f64, tightest_rank: u64) -> KvCache {
    let terms = Terms::<f64>::new(plan, decides.kind.stage);
    let pages = kv_cache::pages_per_sequence(&terms);
    let tokens = decides.tokens(plan);
    KvCache {
        blocks: blocks as u64,
        tokens: (blocks as u64).saturating_mul(plan.tokens_per_block),
        tokens_per_block: plan.tokens_per_block,
        bytes_per_token: kv_cache::bytes_per_token(&terms),
        pages_per_sequence: pages as u64,
        max_sequences: (blocks / (pages * plan.max_beam_width as f64).max(1.0)) as u64,
        binding: if plan.max_tokens.is_some_and(|most| tokens >= most as f64) {
            Binding::MaxTokens
        } else {
            Binding::FreeGpuMemoryFraction
        },
        tightest_rank,
    }
}

/// The memory of a rank with this account, whose KV cache has `blocks`; its number is still to be set.
fn rank(plan: &Plan, account: &Account<f64>, blocks: f64) -> Rank {
    let laws = laws(plan);
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let [weights, activations, runtime, decoder, overhead] = account.parts;
    let contributors = [
        figure(Contributor::Weights, weights),
        figure(Contributor::Activations, activations),
        figure(Contributor::RuntimeBuffers, runtime),
        figure(Contributor::DecoderBuffers, decoder),
        figure(Contributor::KvCache, account.pool(plan, blocks)),
        overhead::figure(plan, account.kind, overhead, account.late, laws[Contributor::Overhead as usize]),
    ];
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: account.kind.stage,
        contributors,
        total: plan.gpu_memory,
        available: Bytes(account.available(plan).round() as u64),
        free: plan.gpu_memory - used,
    }
}

/// At which stage of start-up a rank runs out of memory, and by how much.
fn failure(rank: &Rank, kv: &KvCache) -> Option<(Stage, Bytes)> {
    let bytes = |contributor: Contributor| rank.figure(contributor).bytes;
    let mut needed = bytes(Contributor::Overhead);
    let steps = [
        (Stage::LoadWeights, bytes(Contributor::Weights)),
        (Stage::CreateContext, bytes(Contributor::Activations)),
        (Stage::AllocateBuffers, bytes(Contributor::RuntimeBuffers) + bytes(Contributor::DecoderBuffers)),
        (Stage::AllocateKvCache, bytes(Contributor::KvCache)),
    ];
    for (stage, more) in steps {
        needed += more;
        if needed > rank.total {
            return Some((stage, needed - rank.total));
        }
    }
    if kv.max_sequences == 0 {
        let missing = kv.pages_per_sequence.saturating_sub(kv.blocks).saturating_mul(kv.tokens_per_block);
        return Some((Stage::HoldOneSequence, Bytes((missing as f64 * kv.bytes_per_token) as u64)));
    }
    None
}

fn verdict(ranks: &[Rank], kv: &KvCache) -> Verdict {
    let failures = ranks.iter().filter_map(|rank| failure(rank, kv).map(|(stage, short)| (stage, short, rank.rank)));
    if let Some((stage, short, rank)) =
        failures.min_by(|a, b| (a.0 as u8).cmp(&(b.0 as u8)).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)))
    {
        return Verdict::Fails { stage, short, rank };
    }
    let room = ranks.iter().map(|rank| rank.free).min().unwrap_or_default();
    let one_sequence =
        Bytes((kv.pages_per_sequence.saturating_mul(kv.tokens_per_block) as f64 * kv.bytes_per_token) as u64);
    let uncertain = ranks.iter().any(|rank| {
        rank.used() - rank.figure(Contributor::KvCache).bytes + one_sequence + rank.uncertainty() > rank.total
    });
    Verdict::Fits { room, uncertain }
}
