//! The laws: how much memory each part of a deployment takes, and why.
//!
//! [`estimate`] says how much, [`explain`] why. Both run the same formulas; see [`quantity`].

pub mod band;
pub mod calibration;
pub mod engine;
mod explanation;
pub mod kv_cache;
pub mod overhead;
pub mod quantity;
mod report;
mod terms;
pub mod weights;

pub use explanation::{Explanation, Input};
pub use report::{Binding, Contributor, Figure, KvCache, Rank, Report, Stage, Verdict};
pub use terms::Terms;

use crate::deployment::{Deployment, Plan, Problems};
use crate::units::Bytes;
use band::Band;
use engine::{activations, decoder_buffers, runtime_buffers};
use overhead::{Layout, Place};
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
    let (accounts, kinds) = accounts(&plan);
    let alike = &accounts[kinds[rank.min(plan.world_size() - 1) as usize]];
    let decides = tightest(&plan, &accounts);
    let figures = self::rank(&plan, alike, blocks(&plan, decides)).contributors;
    let decides = Account::<Traced>::new(&plan, decides.kind);
    let account = Account::<Traced>::new(&plan, alike.kind);
    let pool = account.pool(&plan, decides.blocks(&plan));
    let [weights, activations, runtime, decoder, overhead] = account.parts;
    let numbers = [weights, activations, runtime, decoder, pool, overhead + account.late];
    let explained = Contributor::ALL.into_iter().zip(numbers.iter().zip(&figures));
    Ok(explained
        .map(|(contributor, (number, figure))| (contributor, Explanation::new(contributor.label(), number, figure)))
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
    /// What else its overhead depends on.
    pub place: Place,
}

/// The memory of a rank, but for the KV cache.
struct Account<N> {
    kind: Kind,
    /// Weights, activations, runtime buffers, decoder buffers, and overhead until the KV cache is sized.
    parts: [N; 5],
    /// How far off the overhead may be.
    overhead_band: Band,
    /// How far off the memory that is left for the KV cache may be.
    available_band: Band,
    /// What is allocated after it.
    late: N,
}

impl<N: Number> Account<N> {
    fn new(plan: &Plan, kind: Kind) -> Account<N> {
        let terms = Terms::<N>::new(plan, kind.stage);
        let predicted = [
            weights::weights(&terms),
            activations::activations(&terms),
            runtime_buffers::runtime_buffers(&terms),
            decoder_buffers::decoder_buffers(&terms),
        ];
        let late = kv_cache::block_offsets(&terms);
        Account::with_overhead(plan, kind, predicted, late)
    }

    /// The account of a rank of the same stage at another place.
    fn at(&self, plan: &Plan, place: Place) -> Account<N> {
        let [weights, activations, runtime, decoder, _] = self.parts.clone();
        let kind = Kind { place, ..self.kind };
        Account::with_overhead(plan, kind, [weights, activations, runtime, decoder], self.late.clone())
    }

    fn with_overhead(plan: &Plan, kind: Kind, predicted: [N; 4], late: N) -> Account<N> {
        let terms = Terms::<N>::new(plan, kind.stage);
        let bands = predicted.iter().zip(laws(plan)).map(|(bytes, law)| Band::of(law, bytes.value()));
        let predicted_band = Band::of_sum(bands);
        let overhead = match plan.free_memory {
            Some(free) => overhead::measured(&terms, free, &predicted, predicted_band),
            None => overhead::overhead(&terms, kind.place),
        };
        let [weights, activations, runtime, decoder] = predicted;
        Account {
            kind,
            parts: [weights, activations, runtime, decoder, overhead.bytes],
            overhead_band: overhead.band,
            available_band: overhead::available_band(plan, predicted_band, overhead.band),
            late,
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

/// An account for each kind of rank, in the order of the first rank of each, and which of them is each rank's.
fn accounts(plan: &Plan) -> (Vec<Account<f64>>, Vec<usize>) {
    let layout = Layout::new(plan);
    let mut accounts: Vec<Account<f64>> = Vec::with_capacity(4);
    let kinds = (0..plan.world_size()).map(|rank| {
        let kind = Kind { stage: rank / plan.tp_size, place: layout.place(rank) };
        // Ranks that are alike are near each other, so the search goes backwards.
        accounts.iter().rposition(|account| account.kind == kind).unwrap_or_else(|| {
            let beside = accounts.iter().rfind(|account| account.kind.stage == kind.stage);
            accounts.push(beside.map_or_else(|| Account::new(plan, kind), |account| account.at(plan, kind.place)));
            accounts.len() - 1
        })
    });
    let kinds = kinds.collect();
    (accounts, kinds)
}

/// Blocks of the KV cache, and how many they are if the figures before it are off.
#[derive(Debug, Clone, Copy)]
struct Blocks {
    likely: f64,
    low: f64,
    high: f64,
}

/// The fewest blocks that any rank has room for (`MPI_MIN`). The ranks' figures are off together, so the same rank decides when
/// they are.
fn blocks(plan: &Plan, decides: &Account<f64>) -> Blocks {
    let terms = Terms::<f64>::new(plan, decides.kind.stage);
    let left = plan.gpu_memory.0 as f64 - decides.parts.iter().sum::<f64>();
    let available = plan.free_memory.map_or(left, |free| free.0 as f64);
    let [low, likely, high] = [-decides.available_band.below, 0.0, decides.available_band.above]
        .map(|off| kv_cache::blocks(&terms, kv_cache::max_tokens(&terms, (available + off).max(0.0))));
    Blocks { likely, low, high }
}

/// The account whose memory holds the fewest tokens: its count holds for all ranks (`MPI_MIN`).
fn tightest<'a>(plan: &Plan, accounts: &'a [Account<f64>]) -> &'a Account<f64> {
    let room = |account: &Account<f64>| {
        let left = plan.gpu_memory.0 as f64 - account.parts.iter().sum::<f64>();
        left / kv_cache::bytes_per_token(&Terms::<f64>::new(plan, account.kind.stage))
    };
    accounts.iter().min_by(|a, b| room(a).total_cmp(&room(b))).unwrap_or(&accounts[0])
}

/// What decides whether a deployment fits: the answer without what is the same for all its ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The first rank of each way to use the memory.
    pub ranks: Vec<Rank>,
    /// The KV cache.
    pub kv_cache: KvCache,
    /// Whether it fits.
    pub verdict: Verdict,
}

/// The models' answer for a sound deployment.
pub fn estimate_plan(plan: &Plan) -> Report {
    let (Outline { ranks, kv_cache, verdict }, kinds) = outlined(plan);
    let numbered = kinds.iter().zip(0..);
    Report {
        ranks: numbered
            .map(|(kind, number)| Rank { rank: number, tp_rank: number % plan.tp_size, ..ranks[*kind].clone() })
            .collect(),
        kv_cache,
        parameters: plan.model.parameters(),
        max_seq_len: plan.max_seq_len,
        verdict,
        notes: plan.notes.iter().cloned().chain(overhead::notes(plan)).collect(),
    }
}

/// The outline of [`estimate_plan`]'s answer, which is quicker where there are many ranks or many deployments.
pub fn outline(plan: &Plan) -> Outline {
    outlined(plan).0
}

/// The outline, and for each rank the place of the one that stands for it.
fn outlined(plan: &Plan) -> (Outline, Vec<usize>) {
    let (accounts, kinds) = accounts(plan);
    let decides = tightest(plan, &accounts);
    let blocks = blocks(plan, decides);
    let first = |kind: usize| kinds.iter().position(|other| *other == kind).unwrap_or(0) as u64;
    let ranks: Vec<Rank> = accounts
        .iter()
        .enumerate()
        .map(|(kind, account)| {
            let number = first(kind);
            Rank { rank: number, tp_rank: number % plan.tp_size, ..rank(plan, account, blocks) }
        })
        .collect();
    let tightest_rank =
        accounts.iter().position(|account| account.kind == decides.kind).map_or(0, |kind| ranks[kind].rank);
    let kv_cache = kv_cache_report(plan, decides, blocks, tightest_rank);
    let verdict = verdict(&ranks, &kv_cache);
    (Outline { ranks, kv_cache, verdict }, kinds)
}

fn kv_cache_report(plan: &Plan, decides: &Account<f64>, blocks: Blocks, tightest_rank: u64) -> KvCache {
    let terms = Terms::<f64>::new(plan, decides.kind.stage);
    let pages = kv_cache::pages_per_sequence(&terms);
    let tokens = decides.tokens(plan);
    let sequences = |blocks: f64| (blocks / (pages * plan.max_beam_width as f64).max(1.0)) as u64;
    KvCache {
        blocks: blocks.likely as u64,
        blocks_low: blocks.low as u64,
        blocks_high: blocks.high as u64,
        tokens: (blocks.likely as u64).saturating_mul(plan.tokens_per_block),
        tokens_per_block: plan.tokens_per_block,
        bytes_per_token: kv_cache::bytes_per_token(&terms),
        pages_per_sequence: pages as u64,
        max_sequences: sequences(blocks.likely),
        max_sequences_low: sequences(blocks.low),
        binding: if plan.max_tokens.is_some_and(|most| tokens >= most as f64) {
            Binding::MaxTokens
        } else {
            Binding::FreeGpuMemoryFraction
        },
        tightest_rank,
    }
}

/// The memory of a rank with this account, whose KV cache has `blocks`; its number is still to be set.
fn rank(plan: &Plan, account: &Account<f64>, blocks: Blocks) -> Rank {
    let laws = laws(plan);
    let figure = |contributor: Contributor, bytes: f64| Figure::of(laws[contributor as usize], bytes);
    let [weights, activations, runtime, decoder, overhead] = account.parts;
    let contributors = [
        figure(Contributor::Weights, weights),
        figure(Contributor::Activations, activations),
        figure(Contributor::RuntimeBuffers, runtime),
        figure(Contributor::DecoderBuffers, decoder),
        Figure::between(
            laws[Contributor::KvCache as usize],
            [blocks.low, blocks.likely, blocks.high].map(|blocks| account.pool(plan, blocks)),
        ),
        Figure::new(laws[Contributor::Overhead as usize], overhead + account.late, account.overhead_band),
    ];
    let used: Bytes = contributors.iter().map(|figure| figure.bytes).sum();
    Rank {
        rank: 0,
        tp_rank: 0,
        pp_rank: account.kind.stage,
        contributors,
        total: plan.gpu_memory,
        available: Bytes(account.available(plan).round() as u64),
        available_band: account.available_band,
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
    let uncertain = kv.max_sequences_low == 0 || ranks.iter().any(Rank::may_exceed);
    Verdict::Fits { room, uncertain }
}
