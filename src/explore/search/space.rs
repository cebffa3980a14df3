//! What a search goes over.

use crate::deployment::{Backend, KvCacheDtype, QuantAlgo};
use crate::gpu::{Gpu, GpuRef};

/// What a search goes over. A deployment that it finds has one value of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// The GPUs.
    pub gpus: Vec<GpuRef>,
    /// Tensor-parallel sizes.
    pub tp_sizes: Vec<u64>,
    /// Numbers of pipeline stages.
    pub pp_sizes: Vec<u64>,
    /// Expert-parallel sizes, for models with experts.
    pub ep_sizes: Vec<u64>,
    /// Precisions of the weights.
    pub quant_algos: Vec<QuantAlgo>,
    /// Types of the KV cache.
    pub kv_cache_dtypes: Vec<KvCacheDtype>,
    /// No deployment has more GPUs.
    pub most_gpus: u64,
}

/// Sizes of tensor and expert parallelism that people use.
const SIZES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Numbers of pipeline stages that people use.
const STAGES: [u64; 4] = [1, 2, 4, 8];
/// GPUs of the largest deployment unless told otherwise.
const MOST_GPUS: u64 = 64;

impl Space {
    /// Every usual size and every precision that `backend` has, on these GPUs of the catalogue, up to 64 of them.
    pub fn on(gpus: Vec<&'static Gpu>, backend: Backend) -> Space {
        // Each of the 16-bit types is what `auto` means for one `dtype`.
        let mut kv_cache_dtypes = vec![KvCacheDtype::Auto, KvCacheDtype::Fp8];
        // No known release of the engine flow can size an nvfp4 cache, and the PyTorch backend has no int8 one.
        kv_cache_dtypes.push(match backend {
            Backend::TensorRt => KvCacheDtype::Int8,
            Backend::Pytorch => KvCacheDtype::Nvfp4,
        });
        Space {
            gpus: gpus.into_iter().map(GpuRef::from).collect(),
            tp_sizes: SIZES.to_vec(),
            pp_sizes: STAGES.to_vec(),
            ep_sizes: SIZES.to_vec(),
            quant_algos: QuantAlgo::ALL.to_vec(),
            kv_cache_dtypes,
            most_gpus: MOST_GPUS,
        }
    }
}
