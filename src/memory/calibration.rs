//! The calibrated constants, each with the data that it was fitted to. Constants from
//! TensorRT-LLM's or NCCL's sources are next to the laws that use them.

use super::law::{Origin, Symbol};
use super::number::Number;
use crate::explanation_text::explanation_text;
use crate::units::MIB;

/// The unit of a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Megabytes of a million bytes.
    Megabytes,
    /// Mebibytes.
    Mebibytes,
    /// A share, or a plain number.
    Number,
}

impl Unit {
    /// The suffix after a number.
    pub fn text(self) -> &'static str {
        match self {
            Unit::Bytes => " B",
            Unit::Megabytes => " MB",
            Unit::Mebibytes => " MiB",
            Unit::Number => "",
        }
    }

    const fn scale(self) -> f64 {
        match self {
            Unit::Megabytes => 1e6,
            Unit::Mebibytes => MIB as f64,
            Unit::Bytes | Unit::Number => 1.0,
        }
    }
}

/// A calibrated constant.
#[derive(Debug)]
pub struct Constant {
    /// The notation in formulas, with the meaning.
    pub symbol: Symbol,
    /// Lower end of the uncertainty band.
    pub low: f64,
    /// The likely value.
    pub likely: f64,
    /// Upper end of the uncertainty band.
    pub high: f64,
    /// The unit.
    pub unit: Unit,
    /// The data that it was fitted to.
    pub source: &'static str,
}

impl Constant {
    /// The likely value in a formula; sizes in bytes.
    pub fn number<N: Number>(&'static self) -> N {
        N::symbol(&self.symbol, self.value(self.likely))
    }

    /// Converts `value` from the constant's unit; sizes to bytes.
    pub fn value(&self, value: f64) -> f64 {
        value * self.unit.scale()
    }

    /// The fraction of the likely value by which the true value may be smaller.
    pub fn below(&self) -> f64 {
        1.0 - self.low / self.likely
    }

    /// The fraction of the likely value by which the true value may be larger.
    pub fn above(&self) -> f64 {
        self.high / self.likely - 1.0
    }

    /// The band and the data for users: `calibrated, 25 to 330 MiB: …`.
    pub fn origin(&self) -> String {
        let Constant { low, high, unit, source, .. } = self;
        let band = if low < high { format!(", {low} to {high}{}", unit.text()) } else { String::new() };
        format!("calibrated{band}: {source}")
    }
}

/// The constant with the given symbol; `None` if the symbol is not a constant's.
pub(super) fn of(symbol: &'static Symbol) -> Option<&'static Constant> {
    CONSTANTS.iter().copied().find(|constant| std::ptr::eq(&constant.symbol, symbol))
}

macro_rules! constants {
    ($(
        $(#[$doc:meta])*
        $name:ident: $text:literal, $meaning:literal, $low:literal, $likely:literal, $high:literal $unit:ident,
            $source:literal;
    )+) => {
        $(
            $(#[$doc])*
            pub(super) static $name: Constant = Constant {
                symbol: Symbol { text: $text, meaning: $meaning, origin: Origin::Calibrated },
                low: $low,
                likely: $likely,
                high: $high,
                unit: Unit::$unit,
                source: explanation_text($source),
            };
        )+

        /// All calibrated constants.
        pub(super) static CONSTANTS: &[&Constant] = &[$(&$name),+];
    };
}

constants! {
    /// A CUDA context, per resident thread of the GPU: its stack memory.
    CONTEXT_THREAD: "c_thread", "bytes of a CUDA context for each resident thread", 1926.42, 1986.0, 2144.88 Bytes,
        "free memory around the first CUDA call on RTX 4060 Ti and RTX PRO 6000 (ggml-org/llama.cpp PR 23604); \
         six other cards within 13 MiB";
    /// A CUDA context without its stack memory.
    CONTEXT_BASE: "c_0", "memory of every CUDA context", 8.0, 8.0, 8.0 Mebibytes,
        "the same two cards";
    /// Code and handles of TensorRT, cuBLAS and the kernels in the engine backend.
    ENGINE_LIBRARIES: "libraries", "code and library handles of one engine", 25.0, 250.0, 330.0 Mebibytes,
        "remainder of single-GPU logs after the CUDA context: 271 on H100, 143 to 154 on RTX 3050, 235 an \
         engine on L4, 47 to 71 on A100";
    /// Code and handles in the PyTorch backend up to 0.21, with CUDA graphs for up to 128
    /// sequences.
    TORCH_LIBRARIES: "libraries", "code of torch, TensorRT-LLM and its kernels", 780.0, 930.0, 1230.0 Mebibytes,
        "outside torch on H100 with 0.20, tp_size 1: 935 to 945 without the CUDA context";
    /// Code and handles in the PyTorch backend of 1.0 and 1.1.
    TORCH_LIBRARIES_1_0: "libraries", "code of torch, TensorRT-LLM and its kernels", 565.0, 715.0, 1015.0 Mebibytes,
        "outside torch on RTX 6000 Ada with 1.1.0: 716 without the CUDA context";
    /// Code and handles in the PyTorch backend of 1.2.
    TORCH_LIBRARIES_1_2: "libraries", "code of torch, TensorRT-LLM and its kernels", 1050.0, 1350.0, 1650.0 Mebibytes,
        "as in 1.3: 38 logs of 1.2.0rc6 on B200 need no less";
    /// Code and handles in the PyTorch backend from 1.3 on.
    TORCH_LIBRARIES_1_3: "libraries", "code of torch, TensorRT-LLM and its kernels", 1200.0, 1350.0, 1650.0 Mebibytes,
        "outside torch with 1.3.0rc10 on B300 (1333 to 1374) and 1.3 on GB200 (1419) without the CUDA context";
    /// A layer of a CUDA graph in the PyTorch backend, on Blackwell.
    TORCH_GRAPH_BLACKWELL: "graph", "a layer of a CUDA graph", 0.2, 0.33, 0.6 Megabytes,
        "KV capacities on GB300, with the 34 graphs of the defaults; 14 MB a graph of 36 layers and 25 of 61 \
         between logs that differ in nothing else";
    /// A layer of a CUDA graph in the PyTorch backend, on other GPUs.
    TORCH_GRAPH: "graph", "a layer of a CUDA graph", 0.01, 0.07, 0.3 Megabytes,
        "KV capacities on H100 of models with 32 and 64 layers, with the 34 graphs of the defaults";
    /// A logit of a CUDA graph.
    TORCH_GRAPH_LOGIT: "logit", "bytes of a logit in CUDA graphs, in 16 and 32 bit", 2.0, 6.0, 12.0 Bytes,
        "memory outside torch of servers with graphs of 32 to 1536 sequences";
    /// Kernels that the profiling pass loads because warm-up didn't run them.
    LATE_LOADS: "late", "kernels that load in the first full step", 20.0, 174.0, 200.0 Mebibytes,
        "growth outside torch in the profiling pass: 174 to 195 MiB with 0.20 on H100, 20 with 1.1.0; part of \
         the fit to 80 logs";
    /// cuBLAS workspaces and small buffers inside torch.
    TORCH_REST: "rest", "cuBLAS workspaces and small buffers", 50.0, 133.0, 230.0 Mebibytes,
        "inside torch of eleven logs of gpt-oss and Qwen3, less weights and workspaces; 150 with 1.1.0";
    /// cuBLAS workspaces and small buffers inside torch before 1.0.
    TORCH_REST_0_20: "rest", "cuBLAS workspaces and small buffers", 10.0, 31.0, 60.0 Mebibytes,
        "inside torch of four logs of Llama 3.1 8B in FP8 with 0.20, less weights and RoPE table";
    /// cuBLAS workspaces and small buffers inside torch with latent attention.
    LATENT_REST: "rest", "cuBLAS workspaces and small buffers", 150.0, 287.0, 450.0 Mebibytes,
        "inside torch of 70 logs of DeepSeek and Kimi models, less weights and workspaces";
    /// The workspace of latent attention, per head and token.
    LATENT_WORKSPACE: "c_mla", "bytes of latent attention's workspace for each head and token",
        1600.0, 1664.0, 1728.0 Bytes,
        "the same logs; a log of 131104 tokens outside the fit agrees within 1 %";
    /// Buffers of latent attention per sequence.
    LATENT_SEQUENCE: "c_seq", "bytes of latent attention's buffers for each sequence",
        185_600.0, 205_000.0, 225_000.0 Bytes,
        "the same logs; logged attention workspaces grow by 185600";
    /// Logits that CUDA graphs keep if attention is data-parallel.
    GRAPH_OUTPUTS: "c_out", "bytes of a logit that CUDA graphs keep", 6.0, 8.0, 10.0 Bytes,
        "inside torch of generation servers of DeepSeek-R1 and Kimi K2 with graphs of 512 to 768 sequences";
    /// Buffers of sparse attention's indexer.
    INDEXER_BUFFERS: "index", "buffers of the indexer", 350.0, 471.0, 800.0 Mebibytes,
        "inside torch of eight logs of DeepSeek-V3.2";
    /// FP8 block scales: the quantized input of the last projection, and the projections of the MLP
    /// a second time.
    FP8_BLOCK_PEAK: "c_fp8", "bytes of a token and MLP column with FP8 blocks: the quantized input, and both \
     projections again", 6.0, 7.03, 8.0 Bytes,
        "KV capacities of Qwen3-32B-FP8 on H100 and GB300; the reason why the projections count twice is unknown";
    /// Hidden states that are live around generated MoE kernels.
    GENERATED_PEAK: "c_gen", "hidden states alive around the experts", 6.0, 7.3, 8.5 Number,
        "peaks of logs with moe_backend TRTLLM";
    /// Hidden states that are live around the MoE kernels of CuTe DSL.
    CUTE_DSL_PEAK: "c_dsl", "hidden states alive around the experts", 8.5, 9.9, 11.5 Number,
        "peaks of logs with moe_backend CUTEDSL";
    /// Hidden states that are live around the MoE kernels of CUTLASS.
    CUTLASS_PEAK: "c_cut", "hidden states alive around the experts", 5.0, 6.1, 7.5 Number,
        "peaks of logs with moe_backend CUTLASS";
    /// Hidden states that are live around the MoE kernels of DeepGEMM.
    DEEP_GEMM_PEAK: "c_dg", "hidden states alive around the experts", 11.0, 12.8, 14.5 Number,
        "peaks of logs with moe_backend DEEPGEMM";
    /// The part of the experts' rows that stays reserved with generated kernels under expert
    /// parallelism.
    EXPERT_PARALLEL_REST: "c_ep", "share of the activations that stays reserved with expert parallelism",
        0.1, 0.33, 0.6 Number,
        "outside torch of 17 logs with moe_backend TRTLLM, with and without moe_ep_size";
    /// The activations of warm-up that stay reserved with FP8 block scales and generated kernels.
    PINNED: "c_pin", "share of the activations that stays reserved in addition", 0.0, 1.2, 2.0 Number,
        "steps of 0, 0.25, 1.1 and 2 in 15 logs of DeepSeek-R1 with FP8 and graphs of 64 tokens or more; the \
         step depends on the allocator's history";
    /// The additional memory of experts outside torch on Blackwell servers with x86 processors:
    /// once for two ranks, twice for more.
    EXPERTS_ON_SERVER: "c_x86", "additional memory of experts outside torch on HGX servers",
        700.0, 1331.0, 1700.0 Mebibytes,
        "logs of B200 and B300 against those of GB200; the cause is unknown";
    /// The additional memory of a draft layer with 16-bit experts next to FP4 experts, under tensor
    /// parallelism.
    DRAFT_EXPERTS: "c_mtp", "additional memory of a draft layer's 16-bit experts outside torch",
        100.0, 512.0, 1400.0 Mebibytes,
        "eleven logs of DeepSeek-R1 and V3.2 with NVFP4 and multi-token prediction; the cause is unknown";
    /// The additional memory of a draft layer with 16-bit experts if attention is data-parallel.
    DRAFT_EXPERTS_DP: "c_mtp", "additional memory of a draft layer's 16-bit experts outside torch",
        1000.0, 1741.0, 3200.0 Mebibytes,
        "eight logs of the same with attention data parallelism; the cause is unknown";
    /// The additional memory of sparse attention outside torch, under tensor parallelism.
    SPARSE_ATTENTION: "c_dsa", "additional memory of sparse attention outside torch", 800.0, 1229.0, 1800.0 Mebibytes,
        "three logs of DeepSeek-V3.2; the cause is unknown";
    /// NCCL, once per process: kernels, streams, growth of the stack memory.
    NCCL_PROCESS: "nccl_0", "NCCL, once in a process", 150.0, 256.0, 350.0 Mebibytes,
        "544 MiB for the first group of two A100 (NVIDIA/nccl issue 964), of which 288 are its communicator";
    /// NCCL channels between GPUs with peer access over PCI Express.
    PCIE_CHANNELS: "C", "NCCL channels over PCI Express", 2.0, 3.0, 4.0 Number,
        "src/graph/search.cc; no measurement known";
    /// NCCL's network buffers, for each channel that leaves the node on this rank.
    NETWORK_CHANNEL: "network", "buffers of a channel that leaves the node", 0.0, 68.0, 136.0 Mebibytes,
        "a guess: 8 MiB for the ring and 20 for each of three peers of the tree (src/transport/net.cc); none \
         without GPUDirect RDMA";
    /// NCCL's pinned buffers per peer if CPU and GPU share one memory.
    UNIFIED_PEER: "pinned", "NCCL's host buffers for a peer, in the same memory", 256.0, 2765.0, 3456.0 Mebibytes,
        "8.1 GiB reported for four DGX Spark";
    /// Rounding of allocations to pages of 2 MiB, and slack of the memory pool.
    SLACK: "slack", "rounding to pages of 2 MiB and pool slack", 0.0, 20.0, 60.0 Mebibytes,
        "a mean loss of 1 MiB for each large tensor";
    /// The execution context of an additional optimization profile.
    PROFILE: "profile", "another optimization profile", 10.0, 20.0, 30.0 Mebibytes,
        "logs with six profiles: NVIDIA's trtllm-bench README of 0.12, tensorrtllm_backend issue 576, Llama 3.1 \
         70B on eight H100 with 0.16";
    /// The execution context of an additional optimization profile, per sequence of max_batch_size.
    PROFILE_SEQUENCE: "profile_B", "another optimization profile, for each sequence of a batch",
        0.0575, 0.115, 0.1725 Mebibytes,
        "the same three logs";
    /// A second engine in the process: its code and library handles.
    SECOND_ENGINE: "second", "code and library handles of a second engine", 200.0, 300.0, 475.0 Mebibytes,
        "a target engine with its draft on A100 (475; NVIDIA/TensorRT-LLM issue 2789); less if both run the \
         same kernels, as an encoder and its decoder on L4";
    /// Code that an encoder's engine loads in addition to its decoder's.
    ENCODER_ENGINE: "encoder", "code of an encoder's engine in addition to its decoder's", 0.0, 50.0, 200.0 Mebibytes,
        "Whisper's encoder and decoder on L4 (NVIDIA/TensorRT-LLM issue 2419): 648 MiB in no log line, less a \
         CUDA context of 177, the encoder's buffers of 59 and its predicted execution context of 293, leave 119 \
         for the code of both";
    /// GPU memory that Windows and the desktop hold.
    WINDOWS: "reserve", "share of the memory that Windows and its desktop hold", 0.04, 0.06, 0.1 Number,
        "5 to 10 % is usual; 5 % in a log of 1.2.1 on a GeForce RTX 4060 Ti that reports all of its 16 GiB, as \
         only Windows drivers do";
    /// GPU memory that Windows and the desktop hold at least.
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
