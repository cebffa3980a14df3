//! Where the deployment stops fitting, for the sliders of the page: not markup, but pairs.

use super::Request;
use crate::deployment::Input;
use crate::explore::Knob;
use crate::explore::solve::{LimitReason, solve};
use form_urlencoded::Serializer;
use maud::{Markup, PreEscaped};

/// For each slider whose range has an end in memory: its key, and the last value that fits. A `+` after the value says that smaller ones
/// don't fit, and not larger ones.
pub(super) fn ticks(request: &Request) -> Markup {
    let deployment = request.deployment();
    let mut pairs = Serializer::new(String::new());
    for knob in Knob::all(deployment).filter(|knob| matches!(knob.field.input, Input::Whole { .. } | Input::Fraction)) {
        let Ok(limits) = solve(deployment, knob.field.key, None) else {
            continue;
        };
        if let (Some(end), Some(LimitReason::Memory(_))) = (limits.limit(), limits.binding()) {
            let sign = if limits.is_largest() { "" } else { "+" };
            pairs.append_pair(knob.field.key, &format!("{}{sign}", end.text));
        }
    }
    PreEscaped(pairs.finish())
}

#[cfg(test)]
mod tests {
    use crate::deployment::{Deployment, field};
    use crate::memory::estimate;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_tick_is_the_last_value_that_fits() {
        let pairs = answer("panel=ticks&link=max_seq_len%3D8192");
        let ticks: Vec<(String, String)> = form_urlencoded::parse(pairs.as_bytes()).into_owned().collect();
        assert!(
            ticks.iter().any(|(key, _)| key == "max_batch_size")
                && ticks.iter().any(|(key, _)| key == "max_num_tokens"),
            "{pairs}"
        );
        let deployment = Deployment { max_seq_len: Some(8192), ..Deployment::default() };
        let fits = |key: &str, value: u64| {
            let changed = field(key).unwrap().with(&deployment, &value.to_string()).unwrap();
            estimate(&changed).is_ok_and(|report| report.verdict.fits())
        };
        for (key, value) in ticks.iter().filter(|(key, _)| key.starts_with("max_") && !key.contains("rank")) {
            let last: u64 = value.parse().unwrap();
            assert!(fits(key, last) && !fits(key, last + 1), "{key} {last}");
        }
    }
}
