//! Every constant that was calibrated, with the data that it was fitted on. Constants that stand in TensorRT-LLM's or NCCL's
//! sources are beside the laws that use them.

use super::quantity::{Number, Origin, Symbol};
use crate::units::MIB;

/// What a constant counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Mebibytes.
    Mebibytes,
    /// A share of something, or a plain number.
    Number,
}

impl Unit {
    /// As written right behind a number.
    pub fn text(self) -> &'static str {
        match self {
            Unit::Bytes => " B",
            Unit::Mebibytes => " MiB",
            Unit::Number => "",
        }
    }

    const fn scale(self) -> f64 {
        match self {
            Unit::Mebibytes => MIB as f64,
            Unit::Bytes | Unit::Number => 1.0,
        }
    }
}

/// A calibrated constant.
#[derive(Debug)]
pub struct Constant {
    /// What it is; how formulas write it.
    pub symbol: Symbol,
    /// It is hardly smaller than this.
    pub low: f64,
    /// Its likely value.
    pub likely: f64,
    /// It is hardly larger than this.
    pub high: f64,
    /// What it counts.
    pub unit: Unit,
    /// The data that it was fitted on.
    pub source: &'static str,
}

impl Constant {
    /// The likely value in a formula, in bytes where it is a size.
    pub fn number<N: Number>(&'static self) -> N {
        N::symbol(&self.symbol, self.value(self.likely))
    }

    /// One of its values, in bytes where it is a size.
    pub fn value(&self, value: f64) -> f64 {
        value * self.unit.scale()
    }

    /// How far below the likely value it may lie, as a fraction of it.
    pub fn below(&self) -> f64 {
        1.0 - self.low / self.likely
    }

    /// How far above.
    pub fn above(&self) -> f64 {
        self.high / self.likely - 1.0
    }

    /// Its band and its data, for a person: `calibrated, 25 to 330 MiB: …`.
    pub fn origin(&self) -> String {
        let Constant { low, high, unit, source, .. } = self;
        let band = if low < high { format!(", {low} to {high}{}", unit.text()) } else { String::new() };
        format!("calibrated{band}: {source}")
    }
}

/// The constant that a formula writes with `symbol`.
pub fn of(symbol: &'static Symbol) -> Option<&'static Constant> {
    CONSTANTS.iter().copied().find(|constant| std::ptr::eq(&constant.symbol, symbol))
}

macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $meaning:literal, $low:literal, $likely:literal, $high:literal $unit:ident, $source:literal;)+) => {
        $(
            $(#[$doc])*
            pub static $name: Constant = Constant {
                symbol: Symbol { text: $text, meaning: $meaning, origin: Origin::Calibrated },
                low: $low,
                likely: $likely,
                high: $high,
                unit: Unit::$unit,
                source: $source,
            };
        )+

        /// Every calibrated constant.
        pub static CONSTANTS: &[&Constant] = &[$(&$name),+];
    };
}

constants! {
    /// A CUDA context, for each thread that the GPU can hold: its area for stacks.
    CONTEXT_THREAD: "c_thread", "bytes of a CUDA context for each resident thread", 1926.42, 1986.0, 2144.88 Bytes,
        "free memory around the first CUDA call on RTX 4060 Ti and RTX PRO 6000 (ggml-org/llama.cpp PR 23604); six other cards within 13 MiB";
    /// A CUDA context beside that area.
    CONTEXT_BASE: "c_0", "what every CUDA context takes", 8.0, 8.0, 8.0 Mebibytes,
        "the same two cards";
    /// Code and handles of TensorRT, cuBLAS and the kernels of the engine flow.
    ENGINE_LIBRARIES: "libraries", "code and library handles of one engine", 25.0, 250.0, 330.0 Mebibytes,
        "what single-GPU logs leave beside the CUDA context: 271 on H100, 143 to 154 on RTX 3050, 235 an engine on L4, 47 to 71 on A100";
    /// The same of the PyTorch backend to 0.21, CUDA graphs to 128 sequences included.
    TORCH_LIBRARIES: "libraries", "code of torch, TensorRT-LLM and its kernels", 780.0, 930.0, 1230.0 Mebibytes,
        "outside torch on H100 with 0.20, tp_size 1: 935 to 945 beside the CUDA context";
    /// The same in 1.0 and 1.1.
    TORCH_LIBRARIES_1_0: "libraries", "code of torch, TensorRT-LLM and its kernels", 565.0, 715.0, 1015.0 Mebibytes,
        "outside torch on RTX 6000 Ada with 1.1.0: 716 beside the CUDA context";
    /// The same in 1.2.
    TORCH_LIBRARIES_1_2: "libraries", "code of torch, TensorRT-LLM and its kernels", 900.0, 1050.0, 1350.0 Mebibytes,
        "a guess between 1.1 and 1.3";
    /// The same from 1.3 on.
    TORCH_LIBRARIES_1_3: "libraries", "code of torch, TensorRT-LLM and its kernels", 1200.0, 1350.0, 1650.0 Mebibytes,
        "outside torch with 1.3.0rc10 on B300 (1333 to 1374) and 1.3 on GB200 (1419) beside the CUDA context";
    /// CUDA graphs of the PyTorch backend, for each sequence of the largest graph.
    TORCH_GRAPHS: "graph", "CUDA graphs, for each sequence of the largest batch", 0.5, 1.2, 2.2 Mebibytes,
        "two series of public logs of the PyTorch backend";
    /// NCCL, once in a process: kernels, streams, growth of the stack area.
    NCCL_PROCESS: "nccl_0", "NCCL, once in a process", 150.0, 256.0, 350.0 Mebibytes,
        "544 MiB for the first group of two A100 (NVIDIA/nccl issue 964), of which 288 are its communicator";
    /// NCCL channels where cards reach each other over PCI Express.
    PCIE_CHANNELS: "C", "NCCL channels over PCI Express", 2.0, 3.0, 4.0 Number,
        "src/graph/search.cc; no measurement known";
    /// NCCL buffers for the network, for each channel that leaves the node on this rank.
    NETWORK_CHANNEL: "network", "buffers of a channel that leaves the node", 0.0, 68.0, 136.0 Mebibytes,
        "a guess: 8 MiB for the ring and 20 for each of three peers of the tree (src/transport/net.cc); none without GPUDirect RDMA";
    /// NCCL's pinned buffers where CPU and GPU share one memory, for each peer.
    UNIFIED_PEER: "pinned", "NCCL's host buffers for a peer, in the same memory", 256.0, 2765.0, 3456.0 Mebibytes,
        "8.1 GiB reported for four DGX Spark";
    /// Rounding of allocations to pages of 2 MiB and slack of the memory pool.
    SLACK: "slack", "rounding to pages of 2 MiB and pool slack", 0.0, 20.0, 60.0 Mebibytes,
        "a mean loss of 1 MiB for each large tensor";
    /// Another optimization profile's execution context.
    PROFILE: "profile", "another optimization profile", 10.0, 20.0, 30.0 Mebibytes,
        "logs with six profiles: NVIDIA's trtllm-bench README of 0.12, tensorrtllm_backend issue 576, Llama 3.1 70B on eight H100 with 0.16";
    /// The same, for each sequence of max_batch_size.
    PROFILE_SEQUENCE: "profile_B", "another optimization profile, for each sequence of a batch", 0.0575, 0.115, 0.1725 Mebibytes,
        "the same three logs";
    /// A second engine in the process: its code and library handles.
    SECOND_ENGINE: "second", "code and library handles of a second engine", 200.0, 300.0, 475.0 Mebibytes,
        "an encoder and a decoder on L4 (235 each), a target engine beside its draft on A100 (475; NVIDIA/TensorRT-LLM issue 2789)";
    /// What Windows keeps of the GPU's memory for itself and the desktop.
    WINDOWS: "reserve", "share of the memory that Windows and its desktop hold", 0.04, 0.06, 0.1 Number,
        "5 to 10 % is usual; 5 % in a log of 1.2.1 on a GeForce RTX 4060 Ti that reports all of its 16 GiB, as only Windows drivers do";
    /// What it keeps at least.
    WINDOWS_LEAST: "reserve_0", "memory that Windows and its desktop hold at least", 512.0, 768.0, 1024.0 Mebibytes,
        "a guess";
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_constant_lies_in_its_band_and_names_its_data() {
        for constant in CONSTANTS {
            let meaning = constant.symbol.meaning;
            assert!(constant.low <= constant.likely && constant.likely <= constant.high, "{meaning}");
            assert!(constant.likely > 0.0 && !constant.source.is_empty(), "{meaning}");
        }
    }
}
