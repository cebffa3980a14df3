//! The account of a rank: what it allocates before the KV cache, and what that leaves.

use super::engine::{activations, decoder_buffers, guided, late, lora, overhead, recurrent, runtime_buffers};
use super::kv_cache::{Pools, Window, windows};
use super::quantity::{Number, Origin, Part, Symbol};
use super::terms::Terms;
use super::weights;
use crate::deployment::{Plan, Runtime};

/// Ranks of one kind use their memory alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The pipeline stage.
    pub stage: u64,
    /// Contexts of other processes on this GPU.
    pub foreign_contexts: u64,
}

impl Kind {
    /// The kind of `rank`.
    pub fn of(plan: &Plan, rank: u64) -> Kind {
        Kind { stage: rank / plan.tp_size, foreign_contexts: overhead::foreign_contexts(plan, rank) }
    }
}

/// The memory of a rank, but for the KV cache.
pub struct Account<'a, N> {
    plan: &'a Plan,
    /// The kind of rank that it is of.
    pub kind: Kind,
    /// The attention windows of its layers.
    pub windows: Vec<Window>,
    /// Weights, activations, runtime buffers and decoder buffers.
    pub parts: [N; 4],
    /// CUDA, NCCL and libraries when the KV cache is sized.
    pub overhead: N,
    /// What else no line of the log counts, made before the KV cache: masks, adapters, recurrent states.
    pub reserved: Option<N>,
    /// What is allocated after the KV cache.
    pub late: N,
    /// Bytes by which the cache of LoRA adapters can't hold one.
    pub adapter_short: f64,
}

impl<'a, N: Number> Account<'a, N> {
    /// The account of a kind of rank.
    pub fn new(plan: &'a Plan, kind: Kind) -> Account<'a, N> {
        let terms = Terms::new(plan, kind.stage);
        let parts = [
            weights::weights(&terms),
            activations::activations(&terms),
            runtime_buffers::runtime_buffers(&terms),
            decoder_buffers::decoder_buffers(&terms),
        ];
        let overhead = match plan.free_memory {
            Some(free) => overhead::measured(&terms, free, &before_kv_cache(plan, &parts)),
            None => overhead::overhead(&terms, kind.foreign_contexts),
        };
        let mut account = Account {
            plan,
            kind,
            windows: windows(plan, kind.stage),
            parts,
            overhead,
            reserved: None,
            late: late::late(&terms),
            adapter_short: 0.0,
        };
        // The free memory of a log is what all of these left.
        if plan.free_memory.is_none() {
            account.reserve(&terms);
        }
        account
    }

    fn reserve(&mut self, terms: &Terms<N>) {
        let masks = guided::masks(terms);
        let adapters = lora::cache(terms, || {
            let taken = self.overhead.clone() + N::sum_of(self.parts.clone());
            let taken = masks.clone().map_or_else(|| taken.clone(), |masks| taken.clone() + masks);
            (terms.total() - taken).max(N::literal(0.0))
        });
        self.adapter_short = adapters.as_ref().map_or(0.0, |cache| cache.short);
        let states = recurrent::states(terms);
        let mut all = [masks, adapters.map(|cache| cache.bytes), states].into_iter().flatten().peekable();
        self.reserved = all.peek().is_some().then(|| N::sum_of(all));
    }

    /// The overhead and what else is reserved.
    pub fn overhead_until_kv_cache(&self) -> N {
        match &self.reserved {
            Some(reserved) => self.overhead.clone() + reserved.clone(),
            None => self.overhead.clone(),
        }
    }

    /// Memory that is left when the KV cache is sized; negative where something didn't fit.
    fn left(&self) -> N {
        static FREE: Symbol = Symbol {
            text: "free",
            meaning: "free memory that a log printed",
            origin: Origin::Chosen("free_memory_gib"),
        };
        match self.plan.free_memory {
            Some(free) => N::symbol(&FREE, free.0 as f64),
            None => {
                let taken = N::sum_of(before_kv_cache(self.plan, &self.parts)) + self.overhead_until_kv_cache();
                Terms::<N>::new(self.plan, self.kind.stage).total() - taken
            }
        }
    }

    /// Memory that is left when the KV cache is sized; zero where nothing is.
    pub fn available(&self) -> N {
        self.left().max(N::literal(0.0)).part(|| Part::bytes("memory left for the KV cache").symbol("available"))
    }

    /// The pools of KV blocks.
    pub fn pools(&self) -> Pools<'_, N> {
        Pools::new(self.plan, self.kind.stage, &self.windows)
    }

    /// Blocks of `window`'s pool, if this rank decides.
    pub fn blocks(&self, window: Window) -> N {
        let pools = self.pools();
        pools.blocks(pools.tokens(window, self.available()))
    }
}

/// What is allocated before the KV cache is sized. `GptSession` makes its buffers and decoders after it (`gptSession.cpp` setup).
fn before_kv_cache<N: Number>(plan: &Plan, parts: &[N; 4]) -> [N; 4] {
    let [weights, activations, runtime, decoder] = parts.clone();
    match plan.runtime {
        Runtime::Executor | Runtime::PySession => [weights, activations, runtime, decoder],
        Runtime::GptSession => [weights, activations, N::literal(0.0), N::literal(0.0)],
    }
}

/// An account for each kind of rank, in the order of the first rank of each.
pub fn accounts(plan: &Plan) -> Vec<Account<'_, f64>> {
    let mut accounts: Vec<Account<f64>> = Vec::with_capacity(1);
    for rank in 0..plan.world_size() {
        let kind = Kind::of(plan, rank);
        if !accounts.iter().any(|account| account.kind == kind) {
            accounts.push(Account::new(plan, kind));
        }
    }
    accounts
}

/// The place of the account whose memory holds the fewest tokens.
pub fn tightest(accounts: &[Account<f64>]) -> usize {
    let room = |account: &Account<f64>| {
        let pools = account.pools();
        let bytes: f64 = account.windows.iter().map(|window| pools.bytes_in_window(*window)).sum();
        if bytes > 0.0 { account.left() / bytes } else { f64::INFINITY }
    };
    let rooms = accounts.iter().map(room).enumerate();
    rooms.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(place, _)| place)
}

/// A pool of KV blocks, the same on all ranks.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Its window on the rank that decides.
    pub window: Window,
    /// Its blocks.
    pub blocks: f64,
    /// The place of the account that decides.
    pub account: usize,
}

/// The pools of all windows, the narrowest first, each as large as the rank with room for the fewest blocks allows (`MPI_MIN`).
pub fn pools(accounts: &[Account<f64>], tightest: usize) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::with_capacity(1);
    let others = (0..accounts.len()).filter(|place| *place != tightest);
    for account in std::iter::once(tightest).chain(others) {
        for &window in &accounts[account].windows {
            let pool = Pool { window, blocks: accounts[account].blocks(window), account };
            match pools.iter_mut().find(|known| known.window.tokens == window.tokens) {
                Some(known) if pool.blocks < known.blocks => *known = pool,
                Some(_) => {}
                None => pools.push(pool),
            }
        }
    }
    pools.sort_unstable_by_key(|pool| pool.window.tokens);
    pools
}
