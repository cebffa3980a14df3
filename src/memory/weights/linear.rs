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
    let bytes = |values: &'static str| matrix().remark(values);
    let halves = |values: &'static str| (matrix() / 2.0).remark(values);
    let of_outputs = |bytes: f64| (n.clone() * bytes).remark("a scale for each output");
    let of_groups = || (groups(&k) * n.clone() * 2.0).remark("a scale for each 128 inputs of an output");
    let scaled_inputs = || (k.clone() * 2.0).remark("a scale for each input");
    match algo {
        QuantAlgo::None => matrix() * element,
        QuantAlgo::W8A16 => bytes("INT8 values") + of_outputs(2.0),
        QuantAlgo::W4A16 => halves("INT4 values") + of_outputs(2.0),
        QuantAlgo::W4A16Awq => halves("INT4 values") + of_groups() + scaled_inputs(),
        QuantAlgo::W4A8Awq => halves("INT4 values") + of_groups() + scaled_inputs() + 4.0,
        QuantAlgo::W4A16Gptq => halves("INT4 values") + of_groups(),
        QuantAlgo::W8A16Gptq => bytes("INT8 values") + of_groups(),
        QuantAlgo::W8A8SqPerTensorPlugin | QuantAlgo::W8A8SqPerTensorPerTokenPlugin => {
            bytes("INT8 values") + smoother() + 8.0
        }
        QuantAlgo::W8A8SqPerChannel
        | QuantAlgo::W8A8SqPerChannelPerTokenPlugin
        | QuantAlgo::W8A8SqPerChannelPerTensorPlugin => bytes("INT8 values") + of_outputs(4.0) + smoother() + 4.0,
        QuantAlgo::W4A8QservePerGroup => {
            let zeros = (n.clone() * 2.0).remark("a zero point for each output");
            halves("INT4 values") + of_groups() + zeros
        }
        QuantAlgo::W4A8QservePerChannel => halves("INT4 values") + of_outputs(4.0),
        QuantAlgo::Fp8 => bytes("FP8 values") + 8.0,
        QuantAlgo::Fp8PerChannelPerToken => bytes("FP8 values") + of_outputs(4.0),
        QuantAlgo::Fp8BlockScales => {
            let scales = groups(&k) * groups(&n) * 4.0;
            bytes("FP8 values") + scales.remark("a 32-bit scale for each block of 128 × 128")
        }
        QuantAlgo::Nvfp4 | QuantAlgo::W4A8Nvfp4Fp8 | QuantAlgo::W4A16Nvfp4 => {
            let scales = n.clone().round_up(128.0) * (k.clone() / 16.0).round_up(4.0);
            halves("FP4 values") + scales.remark("a scale for each 16 inputs of an output") + 12.0
        }
        QuantAlgo::W4A16Mxfp4 | QuantAlgo::W4A8Mxfp4Mxfp8 | QuantAlgo::W4A8Mxfp4Fp8 => {
            let scales = n.clone() * (k.clone() / 32.0).ceil();
            halves("FP4 values") + scales.remark("a scale for each 32 inputs of an output")
        }
        QuantAlgo::Mxfp8 => {
            let scales = n.clone() * (k.clone() / 32.0).ceil();
            bytes("FP8 values") + scales.remark("a scale for each 32 inputs of an output")
        }
    }
}
