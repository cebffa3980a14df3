//! What other processes and the system hold on a rank's GPU, and where a rank stands among the others.

use super::Cause;
use super::context::context;
use super::nccl::{Position, has_peer_access};
use crate::deployment::{Behavior, Launcher, OperatingSystem, Resolved};
use crate::memory::calibration::{CONTEXT_THREAD, WINDOWS, WINDOWS_LEAST};
use crate::memory::inputs::Inputs;
use crate::memory::number::{Number, Origin, Symbol};
use crate::units::MIB;

/// Triton's pool of CUDA memory on every GPU that a server sees (`--cuda-memory-pool-byte-size`).
const TRITON_POOL: f64 = 64.0 * MIB as f64;

/// Where a rank stands, as far as its overhead depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RankTopology {
    /// Its position among the ranks of its tensor-parallel group in its node.
    pub position: Position,
    /// Neighbouring pipeline stages in its node.
    pub near_pairs: u8,
    /// Neighbouring pipeline stages in other nodes.
    pub far_pairs: u8,
    /// Other ranks' processes with a CUDA context on its GPU.
    pub foreign_contexts: u64,
    /// Processes of Triton that see its GPU.
    pub servers: u64,
}

/// What a deployment's ranks have in common, so that the place of each is found quickly.
pub struct Topology<'a> {
    resolved: &'a Resolved,
    on_every_gpu: bool,
    on_first_gpu: bool,
    has_chain: bool,
}

impl<'a> Topology<'a> {
    /// The layout of `resolved`.
    pub fn new(resolved: &'a Resolved) -> Topology<'a> {
        Topology {
            resolved,
            on_every_gpu: resolved.version.has(Behavior::ContextsOnEveryGpu) && has_peer_access(resolved),
            on_first_gpu: resolved.version.has(Behavior::ContextsOnGpu0)
                && resolved.given.machine.launcher == Launcher::Python,
            has_chain: has_peer_access(resolved) && resolved.parallel.tp_size > 2,
        }
    }

    /// The place of `rank`. Ranks of a group are consecutive, and so are those of a node.
    pub fn place(&self, rank: u64) -> RankTopology {
        let (resolved, world) = (self.resolved, self.resolved.world_size());
        let node = |rank: u64| rank / resolved.machine.gpus_per_node;
        let first = node(rank) * resolved.machine.gpus_per_node;
        let in_node = (world - first).min(resolved.machine.gpus_per_node);
        let group = rank - rank % resolved.parallel.tp_size;
        let chain = group.max(first)..(group + resolved.parallel.tp_size).min(first + in_node);
        let position = match rank {
            _ if !self.has_chain => Position::Middle,
            _ if rank == chain.start => Position::Head,
            _ if rank + 1 == chain.end => Position::Tail,
            _ => Position::Middle,
        };
        let neighbours = [
            rank.checked_sub(resolved.parallel.tp_size),
            Some(rank + resolved.parallel.tp_size).filter(|next| *next < world),
        ];
        let pairs = |near: bool| {
            let such = neighbours.iter().flatten().filter(|other| (node(**other) == node(rank)) == near);
            such.count() as u8
        };
        let servers = if resolved.given.machine.launcher == Launcher::Triton { in_node } else { 0 };
        let peers = if self.on_every_gpu { chain.end - chain.start - 1 } else { 0 };
        let importers = if self.on_first_gpu && rank == first { in_node - 1 } else { 0 };
        RankTopology {
            position,
            near_pairs: pairs(true),
            far_pairs: pairs(false),
            foreign_contexts: peers.max(importers).max(servers.saturating_sub(1)),
            servers,
        }
    }
}

static FOREIGN: Symbol =
    Symbol { text: "others", meaning: "other ranks' processes with a context on this GPU", origin: Origin::Derived };
static SERVERS: Symbol =
    Symbol { text: "servers", meaning: "Triton processes that see this GPU", origin: Origin::Chosen("launcher") };
static OTHER: Symbol =
    Symbol { text: "other", meaning: "memory that other processes hold", origin: Origin::Chosen("other_memory_gib") };

/// Everything that isn't this rank's.
pub(in crate::memory) fn other_processes<N: Number>(
    inputs: &Inputs<N>,
    place: RankTopology,
    causes: &mut Vec<Cause<N>>,
) {
    let resolved = inputs.resolved;
    if place.foreign_contexts > 0 {
        let contexts = context(inputs) * N::symbol(&FOREIGN, place.foreign_contexts as f64);
        causes.push(Cause::by(&CONTEXT_THREAD, "other ranks' CUDA contexts on this GPU", contexts));
    }
    if place.servers > 0 {
        let pools = N::symbol(&SERVERS, place.servers as f64) * TRITON_POOL;
        causes.push(Cause::exact("Triton's pools of CUDA memory", pools));
    }
    if resolved.world_size() > 1 {
        let another = context(&inputs.plain());
        causes.push(Cause::perhaps("another process's CUDA context, if there is one", another));
    }
    if resolved.given.machine.os == OperatingSystem::Windows {
        causes.push(windows(inputs));
    }
    if resolved.machine.other_memory.0 > 0 {
        causes.push(Cause::exact("other processes", N::symbol(&OTHER, resolved.machine.other_memory.0 as f64)));
    }
}

fn windows<N: Number>(inputs: &Inputs<N>) -> Cause<N> {
    let total = inputs.resolved.machine.gpu_memory.0 as f64;
    let at = |share: f64, least: f64| (total * share).max(WINDOWS_LEAST.value(least));
    let likely = (inputs.total() * WINDOWS.number::<N>()).max(WINDOWS_LEAST.number());
    let bytes: f64 = likely.value();
    let below = bytes - at(WINDOWS.low, WINDOWS_LEAST.low);
    let above = at(WINDOWS.high, WINDOWS_LEAST.high) - bytes;
    Cause::new("Windows and its desktop", likely, below, above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{Deployment, Machine, Parallelism};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn places(deployment: &Deployment) -> Vec<RankTopology> {
        let resolved = deployment.resolve().unwrap();
        let layout = Topology::new(&resolved);
        (0..resolved.world_size()).map(|rank| layout.place(rank)).collect()
    }

    fn foreign(version: &str, launcher: Launcher) -> Vec<u64> {
        let four = Deployment {
            version: version.parse().ok(),
            parallel: Parallelism { tp_size: 4, ..Parallelism::default() },
            machine: Machine { launcher, ..Machine::default() },
            ..Deployment::default()
        };
        places(&four).iter().map(|place| place.foreign_contexts).collect()
    }

    #[test]
    fn version_and_launcher_decide_whose_contexts_stand_where() {
        assert_eq!(foreign("0.10", Launcher::Mpi), [3, 3, 3, 3]);
        assert_eq!(foreign("0.16", Launcher::Python), [3, 0, 0, 0]);
        assert_eq!(foreign("0.16", Launcher::Mpi), [0, 0, 0, 0]);
        assert_eq!(foreign("0.20", Launcher::Python), [0, 0, 0, 0]);
        assert_eq!(foreign("0.20", Launcher::Triton), [3, 3, 3, 3]);
    }

    #[test]
    fn each_node_has_a_chain_and_a_first_gpu_of_its_own() {
        let places = places(&Deployment {
            parallel: Parallelism { tp_size: 8, ..Parallelism::default() },
            machine: Machine { gpus_per_node: Some(4), ..Machine::default() },
            ..Deployment::default()
        });
        let positions: Vec<Position> = places.iter().map(|place| place.position).collect();
        let node = [Position::Head, Position::Middle, Position::Middle, Position::Tail];
        assert_eq!(positions, [node, node].concat());
        assert_eq!(places.iter().map(|place| place.foreign_contexts).collect::<Vec<_>>(), [3, 0, 0, 0, 3, 0, 0, 0]);
    }

    #[test]
    fn stages_pair_with_their_neighbours() {
        let pairs = |gpus_per_node| -> Vec<(u8, u8)> {
            let four = Deployment {
                parallel: Parallelism { pp_size: 4, ..Parallelism::default() },
                machine: Machine { gpus_per_node: Some(gpus_per_node), ..Machine::default() },
                ..Deployment::default()
            };
            places(&four).iter().map(|place| (place.near_pairs, place.far_pairs)).collect()
        };
        assert_eq!(pairs(8), [(1, 0), (2, 0), (2, 0), (1, 0)]);
        assert_eq!(pairs(2), [(1, 0), (1, 1), (1, 1), (1, 0)]);
    }
}
