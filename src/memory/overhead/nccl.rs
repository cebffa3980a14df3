//! NCCL: what a communicator holds on each of its ranks.
//!
//! TensorRT-LLM sets `NCCL_RUNTIME_CONNECT=0`, so that rings, trees and NVLink SHARP are connected before the KV cache is sized
//! (`cpp/tensorrt_llm/common/opUtils.cpp` getComm). The sizes stand in NCCL's `src/transport/p2p.cc`, `src/transport/nvls.cc` and
//! `src/graph/connect.cc`. It saturates: from four ranks on, more of them hardly cost more.

use super::{Cause, RankTopology};
use crate::deployment::{Behavior, Resolved};
use crate::gpu::Link;
use crate::memory::calibration::{NCCL_PROCESS, NETWORK_CHANNEL, PCIE_CHANNELS, UNIFIED_PEER};
use crate::memory::inputs::Inputs;
use crate::memory::number::{Number, Origin, Part, Symbol};
use crate::units::MIB;

/// Where a rank stands in the chain that NCCL's trees make of a node. Trees have fewer connections at the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// The first rank.
    Head,
    /// Any other. It holds the most.
    Middle,
    /// The last rank.
    Tail,
}

/// Bytes of a connection over the network, sent and received by GPUDirect RDMA: LL128 and Simple buffers.
const NETWORK_MIB: f64 = 20.0;
/// Channels of a pair on two nodes: twice the one that the search finds for one network card.
const NETWORK_CHANNELS: f64 = 2.0;
/// Ranks that NVLink SHARP keeps buffers for at most.
const MULTICAST_RANKS: u64 = 32;
/// Channels of send and receive: on NVSwitch and elsewhere. A connection of a stage with a neighbour costs 12 MiB.
const SEND_CHANNELS: (f64, f64) = (32.0, 2.0);

static CHANNEL: Symbol =
    Symbol { text: "12 MiB", meaning: "buffers of a channel to one peer, in both directions", origin: Origin::Nccl };
static RINGS: Symbol = Symbol { text: "C", meaning: "NCCL channels", origin: Origin::Derived };
static MULTICAST: Symbol = Symbol { text: "V", meaning: "channels of NVLink SHARP", origin: Origin::Derived };
static PEERS: Symbol =
    Symbol { text: "n", meaning: "ranks of the communicator in one NVLink domain", origin: Origin::Derived };

/// Channels of a communicator, and those of NVLink SHARP.
fn channels(resolved: &Resolved, over_nodes: bool) -> (f64, f64) {
    match (resolved.gpu.link, resolved.gpu.compute_capability.0) {
        (Link::NvLink, ..8) => (12.0, 0.0),
        (Link::NvLink, 8) => (24.0, 0.0),
        (Link::NvLink, 9) if over_nodes => (16.0, 16.0),
        (Link::NvLink, 9) => (24.0, 16.0),
        (Link::NvLink, _) if resolved.version.has(Behavior::NcclHas32MulticastChannels) => (32.0, 32.0),
        (Link::NvLink, _) if over_nodes => (32.0, 24.0),
        (Link::NvLink, _) => (24.0, 24.0),
        (Link::PciePeer, _) => (PCIE_CHANNELS.likely, 0.0),
        (Link::PcieHost | Link::Unified, _) => (0.0, 0.0),
    }
}

/// Whether the cards reach each other's memory. Where they don't, NCCL's buffers lie in the host's.
pub(in crate::memory) fn has_peer_access(resolved: &Resolved) -> bool {
    matches!(resolved.gpu.link, Link::NvLink | Link::PciePeer)
}

/// MiB of the tree's connections on one channel: up and down in the middle. A100 reads from its peer instead of writing to it, so
/// that sender and receiver hold the same.
fn tree_mib(resolved: &Resolved, position: Position) -> f64 {
    let reads = resolved.gpu.link == Link::NvLink && resolved.gpu.compute_capability.0 == 8;
    match position {
        Position::Middle => 12.0,
        Position::Head | Position::Tail if reads => 6.0,
        Position::Head => 10.0,
        Position::Tail => 2.0,
    }
}

/// Bytes that a communicator of `ranks` holds on the one at `position`: ring, tree, and the buffers of NVLink SHARP.
pub fn communicator<N: Number>(resolved: &Resolved, ranks: u64, position: Position) -> N {
    let (rings, multicast) = channels(resolved, ranks > resolved.machine.gpus_per_node);
    if ranks < 2 || rings == 0.0 {
        return N::literal(0.0);
    }
    let rings = || match resolved.gpu.link {
        Link::PciePeer => PCIE_CHANNELS.number(),
        _ => N::symbol(&RINGS, rings),
    };
    let ring = (N::symbol(&CHANNEL, mib(12.0)) * rings()).part(|| Part::bytes("ring"));
    // Two ranks use the ring's connections for the tree as well.
    let tree = (ranks > 2).then(|| (rings() * mib(tree_mib(resolved, position))).part(|| Part::bytes("tree")));
    let sharp = (multicast > 0.0).then(|| {
        // Sixteen chunks a rank: 512 KiB each at first, 128 KiB from NCCL 2.21 on.
        let each = if resolved.version.has(Behavior::NcclHasLargeMulticastBuffers) { 8.0 } else { 2.0 };
        let peers = N::symbol(&PEERS, ranks.min(resolved.machine.gpus_per_node).min(MULTICAST_RANKS) as f64);
        let buffers = N::symbol(&MULTICAST, multicast) * peers * mib(each) + mib(2.0);
        buffers.part(|| Part::bytes("NVLink SHARP"))
    });
    N::sum_of([Some(ring), tree, sharp].into_iter().flatten())
}

/// What every rank of several pays whatever it communicates with, and the communicators of tensor parallelism.
pub(in crate::memory) fn shared<N: Number>(inputs: &Inputs<N>, place: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    causes.push(Cause::by(&NCCL_PROCESS, "NCCL, once in a process", NCCL_PROCESS.number()));
    if resolved.gpu.link == Link::Unified {
        let peers = N::literal(resolved.world_size() as f64 - 1.0) * UNIFIED_PEER.number::<N>();
        causes.push(Cause::by(&UNIFIED_PEER, "NCCL's host buffers, in the same memory", peers));
    }
    if resolved.parallel.attention_tp_size > 1 && has_peer_access(resolved) {
        let group = communicator(resolved, resolved.parallel.tp_size, place.position);
        causes.push(over_link(resolved, "NCCL communicator of the tensor-parallel ranks", group));
        if resolved.parallel.tp_size > resolved.machine.gpus_per_node {
            let leaving = channels(resolved, true).0 / resolved.machine.gpus_per_node as f64;
            let buffers = N::literal(leaving.max(1.0)) * NETWORK_CHANNEL.number::<N>();
            causes.push(Cause::by(&NETWORK_CHANNEL, "NCCL buffers for the network", buffers));
        }
    }
    let another = communicator::<f64>(resolved, resolved.parallel.tp_size.max(2), Position::Middle);
    causes.push(Cause::perhaps("another NCCL communicator, if there is one", another));
}

/// The engine flow's pairs: its send and receive plugins make a communicator with each neighbouring stage.
pub(in crate::memory) fn pairs<N: Number>(inputs: &Inputs<N>, place: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    if place.near_pairs > 0 && has_peer_access(resolved) {
        let near = N::literal(f64::from(place.near_pairs)) * communicator::<N>(resolved, 2, Position::Middle);
        causes.push(over_link(resolved, "NCCL communicators with neighbouring stages", near));
    }
    if place.far_pairs > 0 && has_peer_access(resolved) {
        let far = N::literal(f64::from(place.far_pairs) * NETWORK_CHANNELS * mib(NETWORK_MIB));
        let bytes = far.value();
        causes.push(Cause::new("NCCL communicators with stages on other nodes", far, bytes, bytes));
    }
}

/// The PyTorch backend's communicator over all ranks, which passes activations between stages.
pub(in crate::memory) fn world<N: Number>(inputs: &Inputs<N>, place: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    if resolved.parallel.pp_size < 2 || !has_peer_access(resolved) {
        return;
    }
    let sends = if resolved.gpu.link == Link::NvLink { SEND_CHANNELS.0 } else { SEND_CHANNELS.1 };
    let all = communicator(resolved, resolved.world_size(), place.position);
    causes.push(over_link(resolved, "NCCL communicator of all ranks", all));
    let neighbours = N::symbol(&CHANNEL, mib(12.0)) * sends;
    causes.push(Cause::exact("NCCL connections with neighbouring stages", neighbours));
}

/// Buffers that follow the number of channels, which is only a guess over PCI Express.
fn over_link<N: Number>(resolved: &Resolved, label: &'static str, bytes: N) -> Cause<N> {
    match resolved.gpu.link {
        Link::PciePeer => Cause::by(&PCIE_CHANNELS, label, bytes),
        _ => Cause::exact(label, bytes),
    }
}

const fn mib(amount: f64) -> f64 {
    amount * MIB as f64
}
