//! The space of a search.

use crate::deployment::{Backend, KvCacheDtype, QuantAlgo};
use crate::gpu::{Gpu, GpuRef};

/// The space of a search. A deployment that it finds has one value from each list.
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
    /// The largest number of GPUs of a deployment.
    pub most_gpus: u64,
}

/// Common sizes of tensor and expert parallelism.
const SIZES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Common numbers of pipeline stages.
const STAGES: [u64; 4] = [1, 2, 4, 8];
/// The default for [`Space::most_gpus`].
const MOST_GPUS: u64 = 64;

impl Space {
    /// All common sizes and all precisions of `backend`, on these GPUs, up to 64 of them.
    pub fn on(gpus: Vec<&'static Gpu>, backend: Backend) -> Space {
        // Each 16-bit type equals `auto` for one `dtype`.
        let mut kv_cache_dtypes = vec![KvCacheDtype::Auto, KvCacheDtype::Fp8];
        // No known release of the TensorRT backend can size an nvfp4 cache, and the PyTorch backend
        // has no int8 cache.
        kv_cache_dtypes.push(match backend {
            Backend::TensorRt => KvCacheDtype::Int8,
            Backend::Pytorch => KvCacheDtype::Nvfp4,
        });
        Space {
            gpus: gpus.into_iter().map(GpuRef::from).collect(),
            tp_sizes: SIZES.to_vec(),
            pp_sizes: STAGES.to_vec(),
            ep_sizes: SIZES.to_vec(),
            quant_algos: QuantAlgo::ALL.iter().copied().filter(|algo| !algo.is_only_published()).collect(),
            kv_cache_dtypes,
            most_gpus: MOST_GPUS,
        }
    }
}
