//! A few words on each row of the table.

use crate::architecture::Architecture;
use crate::chart::Segment;
use crate::deployment::Backend;
use crate::memory::Contributor;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use crate::web::state::Valid;

/// The number of parameters, such as "32.76 B".
pub(super) fn parameters(model: &Architecture) -> String {
    parameter_count(model.parameters())
}

/// Formats a number of parameters: `32.76 B`, `677 M`.
pub(super) fn parameter_count(parameters: u64) -> String {
    match parameters as f64 {
        billions if billions >= 1e9 => format!("{} B", grouped_decimal(billions / 1e9, 2)),
        millions => format!("{} M", grouped_decimal(millions / 1e6, 0)),
    }
}

/// What a segment consists of.
pub(super) fn summary(segment: Segment, valid: &Valid, units: Units) -> String {
    let Valid { resolved, report, .. } = valid;
    let is_pytorch = resolved.given.backend == Backend::Pytorch;
    match segment {
        Segment::Contributor(Contributor::Weights) => {
            format!("{} parameters, {}", parameters(&resolved.model), resolved.precision.weights_name())
        }
        Segment::Contributor(Contributor::Activations) if is_pytorch => "largest step".into(),
        Segment::Contributor(Contributor::Activations) => "execution context".into(),
        Segment::Contributor(Contributor::RuntimeBuffers) if is_pytorch => "workspaces, kept".into(),
        Segment::Contributor(Contributor::RuntimeBuffers) => "inputs, outputs".into(),
        Segment::Contributor(Contributor::DecoderBuffers) => {
            format!("sampling, {} slots", grouped(resolved.limits.max_batch_size))
        }
        Segment::Contributor(Contributor::KvCache) => {
            let each = Bytes::rounded(report.kv_cache.bytes_per_token);
            format!("{} tokens of {}", grouped(report.kv_cache.tokens), short(each, units))
        }
        Segment::Contributor(Contributor::Overhead) if is_pytorch => "context, code, graphs".into(),
        Segment::Contributor(Contributor::Overhead) => "context, code, NCCL".into(),
        Segment::Free => "not used".into(),
    }
}

/// Formats a small size without decimals that a table has no room for.
fn short(bytes: Bytes, units: Units) -> String {
    bytes.display(units).to_string().replace(".00 ", " ")
}
