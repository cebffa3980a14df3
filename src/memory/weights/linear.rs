//! The bytes of a linear layer in each quantization scheme.

use crate::architecture::Split;
use crate::deployment::QuantAlgo;
use crate::memory::number::Number;

/// Values along the inputs that share a scale, in schemes with groups.
const GROUP: f64 = 128.0;

/// Bytes of a linear layer with `k` inputs and `n` outputs on this rank
/// (`tensorrt_llm/quantization/layers.py`).
///
/// GPTQ's zero points are omitted: in a symmetric checkpoint they are all equal, and engines have
/// no room for them.
pub(in crate::memory) fn quantized<N: Number>(algo: QuantAlgo, element: N, k: N, n: N, split: Split) -> N {
    let groups = |size: &N| (size.clone() / GROUP).ceil();
    let matrix = || k.clone() * n.clone();
    let row_parallel = matches!(split, Split::Inputs | Split::ExpertsInputs);
    let smoother = || if row_parallel { k.clone() * 4.0 } else { N::literal(0.0) };
    match algo {
        QuantAlgo::None => k * n * element,
        QuantAlgo::W8A16 => matrix() + n * 2.0,
        QuantAlgo::W4A16 => matrix() / 2.0 + n * 2.0,
        QuantAlgo::W4A16Awq => matrix() / 2.0 + groups(&k) * n * 2.0 + k * 2.0,
        QuantAlgo::W4A8Awq => matrix() / 2.0 + groups(&k) * n * 2.0 + k * 2.0 + 4.0,
        QuantAlgo::W4A16Gptq => matrix() / 2.0 + groups(&k) * n * 2.0,
        QuantAlgo::W8A16Gptq => matrix() + groups(&k) * n * 2.0,
        QuantAlgo::W8A8SqPerTensorPlugin | QuantAlgo::W8A8SqPerTensorPerTokenPlugin => matrix() + smoother() + 8.0,
        QuantAlgo::W8A8SqPerChannel
        | QuantAlgo::W8A8SqPerChannelPerTokenPlugin
        | QuantAlgo::W8A8SqPerChannelPerTensorPlugin => matrix() + n.clone() * 4.0 + smoother() + 4.0,
        QuantAlgo::W4A8QservePerGroup => matrix() / 2.0 + groups(&k) * n.clone() * 2.0 + n * 2.0,
        QuantAlgo::W4A8QservePerChannel => matrix() / 2.0 + n * 4.0,
        QuantAlgo::Fp8 => matrix() + 8.0,
        QuantAlgo::Fp8PerChannelPerToken => matrix() + n * 4.0,
        QuantAlgo::Fp8BlockScales => matrix() + groups(&k) * groups(&n) * 4.0,
        QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 => {
            matrix() / 2.0 + n.round_up(128.0) * (k / 16.0).round_up(4.0) + 12.0
        }
        QuantAlgo::W4A16Mxfp4 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8 => {
            matrix() / 2.0 + n * (k / 32.0).ceil()
        }
    }
}
