//! NCCL: the buffers that a communicator allocates on each rank.
//!
//! TensorRT-LLM sets `NCCL_RUNTIME_CONNECT=0`. Rings, trees and NVLink SHARP are therefore
//! connected before the KV cache is sized (`cpp/tensorrt_llm/common/opUtils.cpp` getComm).
//!
//! The sizes are from NCCL's `src/transport/p2p.cc`, `src/transport/nvls.cc` and
//! `src/graph/connect.cc`. They saturate: beyond four ranks they hardly grow.

use super::topology::{Position, has_peer_access};
use super::{Cause, RankTopology};
use crate::deployment::{Behavior, Resolved};
use crate::gpu::Link;
use crate::memory::calibration::{NCCL_PROCESS, NETWORK_CHANNEL, PCIE_CHANNELS, UNIFIED_PEER};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;
use crate::units::MIB;

/// Buffers of a network connection, LL128 and Simple, for sending and receiving by GPUDirect RDMA.
const NETWORK_MIB: f64 = 20.0;
/// Channels between two ranks on different nodes: twice the one channel that NCCL's search finds
/// for one network card.
const NETWORK_CHANNELS: f64 = 2.0;
/// Upper limit of the ranks that NVLink SHARP allocates buffers for.
const MULTICAST_RANKS: u64 = 32;
/// Peers of a rank in the only measurement of unified memory: four DGX Spark.
const UNIFIED_MEASURED: u64 = 3;
/// Neighbours of a rank in a ring.
const RING_PEERS: u64 = 2;
/// Neighbours of a rank in a tree: one above and two below (`src/graph/trees.cc`).
const TREE_PEERS: u64 = 3;
/// Channels for send and receive, on NVSwitch and elsewhere. A connection with a neighbouring stage
/// takes 12 MiB.
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

/// MiB of a tree connection on one channel. Ranks in the middle have two connections, up and down.
///
/// On A100, a rank reads from its peer instead of writing to it, so sender and receiver hold the
/// same.
fn tree_mib(resolved: &Resolved, position: Position) -> f64 {
    let reads = resolved.gpu.link == Link::NvLink && resolved.gpu.compute_capability.0 == 8;
    match position {
        Position::Middle => 12.0,
        Position::Head | Position::Tail if reads => 6.0,
        Position::Head => 10.0,
        Position::Tail => 2.0,
    }
}

/// Bytes that a communicator of `ranks` ranks takes on the rank at `position`: ring, tree and
/// NVLink SHARP.
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
    // With two ranks, the tree uses the connections of the ring.
    let tree = (ranks > 2).then(|| (rings() * mib(tree_mib(resolved, position))).part(|| Part::bytes("tree")));
    let sharp = (multicast > 0.0).then(|| {
        // Sixteen chunks for each rank: 512 KiB each before NCCL 2.21, 128 KiB from then on.
        let each = if resolved.version.has(Behavior::NcclHasLargeMulticastBuffers) { 8.0 } else { 2.0 };
        let peers = N::symbol(&PEERS, ranks.min(resolved.machine.gpus_per_node).min(MULTICAST_RANKS) as f64);
        let buffers = N::symbol(&MULTICAST, multicast) * peers * mib(each) + mib(2.0);
        buffers.part(|| Part::bytes("NVLink SHARP"))
    });
    N::sum_of([Some(ring), tree, sharp].into_iter().flatten())
}

/// The memory of NCCL that every rank has regardless of its communicators, and the communicators of
/// tensor parallelism.
pub(in crate::memory) fn shared<N: Number>(inputs: &Inputs<N>, topology: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    causes.push(Cause::by(&NCCL_PROCESS, "NCCL, once in a process", NCCL_PROCESS.number()));
    if resolved.gpu.link == Link::Unified {
        causes.push(unified(resolved));
    }
    if resolved.parallel.attention_tp_size > 1 && has_peer_access(resolved) {
        let group = communicator(resolved, resolved.parallel.tp_size, topology.position);
        causes.push(over_link(resolved, "NCCL communicator of the tensor-parallel ranks", group));
        if resolved.parallel.tp_size > resolved.machine.gpus_per_node {
            let leaving = channels(resolved, true).0 / resolved.machine.gpus_per_node as f64;
            let buffers = N::literal(leaving.max(1.0)) * NETWORK_CHANNEL.number::<N>();
            causes.push(Cause::by(&NETWORK_CHANNEL, "NCCL buffers for the network", buffers));
        }
    }
    let another = communicator::<f64>(resolved, resolved.parallel.tp_size.max(2), Position::Middle);
    causes.push(Cause::perhaps("another NCCL communicator, if any", another));
}

/// NCCL's host buffers if they are in the GPU's own memory.
///
/// The only measurement is of four machines. A rank of a larger cluster connects to no more: to two
/// in the ring and to three in the tree. The likely size therefore stays that of four machines, and
/// the band reaches from the ring alone to five peers.
fn unified<N: Number>(resolved: &Resolved) -> Cause<N> {
    let others = resolved.world_size() - 1;
    let of = |most: u64, each: f64| others.min(most) as f64 * UNIFIED_PEER.value(each);
    let bytes = N::literal(others.min(UNIFIED_MEASURED) as f64) * UNIFIED_PEER.number::<N>();
    let likely: f64 = bytes.value();
    let least = if others > UNIFIED_MEASURED { RING_PEERS } else { others };
    let below = likely - of(least, UNIFIED_PEER.low);
    let above = of(RING_PEERS + TREE_PEERS, UNIFIED_PEER.high) - likely;
    Cause::new("NCCL's host buffers, in the same memory", bytes, below, above)
}

/// The pairs of the engine backend: its send and receive plugins create a communicator with each
/// neighbouring stage.
pub(in crate::memory) fn pairs<N: Number>(inputs: &Inputs<N>, topology: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    if topology.near_pairs > 0 && has_peer_access(resolved) {
        let near = N::literal(f64::from(topology.near_pairs)) * communicator::<N>(resolved, 2, Position::Middle);
        causes.push(over_link(resolved, "NCCL communicators with neighbouring stages", near));
    }
    if topology.far_pairs > 0 && has_peer_access(resolved) {
        let far = N::literal(f64::from(topology.far_pairs) * NETWORK_CHANNELS * mib(NETWORK_MIB));
        let bytes = far.value();
        causes.push(Cause::new("NCCL communicators with stages on other nodes", far, bytes, bytes));
    }
}

/// The communicator of the PyTorch backend over all ranks, which passes activations between stages.
pub(in crate::memory) fn world<N: Number>(inputs: &Inputs<N>, topology: RankTopology, causes: &mut Vec<Cause<N>>) {
    let resolved = inputs.resolved;
    if resolved.parallel.pp_size < 2 || !has_peer_access(resolved) {
        return;
    }
    let sends = if resolved.gpu.link == Link::NvLink { SEND_CHANNELS.0 } else { SEND_CHANNELS.1 };
    let all = communicator(resolved, resolved.world_size(), topology.position);
    causes.push(over_link(resolved, "NCCL communicator of all ranks", all));
    let neighbours = N::symbol(&CHANNEL, mib(12.0)) * sends;
    causes.push(Cause::exact("NCCL connections with neighbouring stages", neighbours));
}

/// A cause that follows the number of channels, which is a guess for PCI Express.
fn over_link<N: Number>(resolved: &Resolved, label: &'static str, bytes: N) -> Cause<N> {
    match resolved.gpu.link {
        Link::PciePeer => Cause::by(&PCIE_CHANNELS, label, bytes),
        _ => Cause::exact(label, bytes),
    }
}

const fn mib(amount: f64) -> f64 {
    amount * MIB as f64
}
