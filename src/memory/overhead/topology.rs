//! The position of a rank among the others, as far as it affects the overhead.

use crate::deployment::{Behavior, Launcher, Resolved};
use crate::gpu::Link;

/// The position of a rank in the chain that NCCL's trees form in a node. The ends of the chain have
/// fewer connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// The first rank.
    Head,
    /// Any other rank. It holds the most.
    Middle,
    /// The last rank.
    Tail,
}

/// The properties of a rank's position that affect its overhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RankTopology {
    /// Its position among the ranks of its tensor-parallel group in its node.
    pub position: Position,
    /// Neighbouring pipeline stages in its node.
    pub near_pairs: u8,
    /// Neighbouring pipeline stages in other nodes.
    pub far_pairs: u8,
    /// Other ranks' processes with a CUDA context on this rank's GPU.
    pub foreign_contexts: u64,
    /// Triton processes with access to this rank's GPU.
    pub servers: u64,
}

/// The properties that all ranks of a deployment share, computed once for all of them.
pub struct Topology<'a> {
    resolved: &'a Resolved,
    on_every_gpu: bool,
    on_first_gpu: bool,
    has_chain: bool,
}

impl<'a> Topology<'a> {
    /// The shared properties of a deployment's ranks.
    pub fn new(resolved: &'a Resolved) -> Topology<'a> {
        Topology {
            resolved,
            on_every_gpu: resolved.version.has(Behavior::ContextsOnEveryGpu) && has_peer_access(resolved),
            on_first_gpu: resolved.version.has(Behavior::ContextsOnGpu0)
                && resolved.given.machine.launcher == Launcher::Python,
            has_chain: has_peer_access(resolved) && resolved.parallel.tp_size > 2,
        }
    }

    /// The topology of `rank`. The ranks of a group are consecutive, and so are those of a node.
    pub fn of_rank(&self, rank: u64) -> RankTopology {
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

/// Whether the GPUs can access each other's memory. If they can't, NCCL's buffers are in host
/// memory.
pub(super) fn has_peer_access(resolved: &Resolved) -> bool {
    matches!(resolved.gpu.link, Link::NvLink | Link::PciePeer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{Deployment, Machine, Parallelism};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn topologies(deployment: &Deployment) -> Vec<RankTopology> {
        let resolved = deployment.resolve().unwrap();
        let common = Topology::new(&resolved);
        (0..resolved.world_size()).map(|rank| common.of_rank(rank)).collect()
    }

    fn foreign(version: &str, launcher: Launcher) -> Vec<u64> {
        let four = Deployment {
            version: version.parse().ok(),
            parallel: Parallelism { tp_size: 4, ..Parallelism::default() },
            machine: Machine { launcher, ..Machine::default() },
            ..Deployment::engine()
        };
        topologies(&four).iter().map(|topology| topology.foreign_contexts).collect()
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
        let topologies = topologies(&Deployment {
            parallel: Parallelism { tp_size: 8, ..Parallelism::default() },
            machine: Machine { gpus_per_node: Some(4), ..Machine::default() },
            ..Deployment::engine()
        });
        let positions: Vec<Position> = topologies.iter().map(|topology| topology.position).collect();
        let node = [Position::Head, Position::Middle, Position::Middle, Position::Tail];
        assert_eq!(positions, [node, node].concat());
        assert_eq!(
            topologies.iter().map(|topology| topology.foreign_contexts).collect::<Vec<_>>(),
            [3, 0, 0, 0, 3, 0, 0, 0]
        );
    }

    #[test]
    fn stages_pair_with_their_neighbours() {
        let pairs = |gpus_per_node| -> Vec<(u8, u8)> {
            let four = Deployment {
                parallel: Parallelism { pp_size: 4, ..Parallelism::default() },
                machine: Machine { gpus_per_node: Some(gpus_per_node), ..Machine::default() },
                ..Deployment::engine()
            };
            topologies(&four).iter().map(|topology| (topology.near_pairs, topology.far_pairs)).collect()
        };
        assert_eq!(pairs(8), [(1, 0), (2, 0), (2, 0), (1, 0)]);
        assert_eq!(pairs(2), [(1, 0), (1, 1), (1, 1), (1, 0)]);
    }
}
