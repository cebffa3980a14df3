//! The values at which the sliders of the page stop fitting.

use crate::deployment::{Deployment, Input};
use crate::explore::NumericSetting;
use crate::explore::range::LimitReason;
use crate::explore::solve::solve;
use form_urlencoded::Serializer;

/// Returns a form-encoded pair for each slider whose range is bounded by memory: its key, and the
/// last value that fits. A `+` after the value means that smaller values do not fit; otherwise
/// larger ones do not.
pub(super) fn pairs(deployment: &Deployment) -> String {
    let mut pairs = Serializer::new(String::new());
    for numeric in NumericSetting::all(deployment)
        .filter(|numeric| matches!(numeric.row.input, Input::Whole { .. } | Input::Fraction))
    {
        let Ok(limits) = solve(deployment, numeric.row.key, None) else {
            continue;
        };
        // Nothing is said of a limit that is off.
        if numeric.is_unlimited(limits.today.as_deref()) {
            continue;
        }
        if let (Some(end), Some(LimitReason::Memory(_))) = (limits.limit(), limits.binding()) {
            let sign = if limits.is_largest() { "" } else { "+" };
            pairs.append_pair(numeric.row.key, &format!("{}{sign}", end.text));
        }
    }
    pairs.finish()
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment, setting};
    use crate::memory::estimate;
    use crate::worker::{Given, answer_text};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_tick_is_the_last_value_that_fits() {
        let pairs = answer_text("ask=slider_limits&link=v%3D1%26max_seq_len%3D8192", &Given::default());
        let ticks: Vec<(String, String)> = form_urlencoded::parse(pairs.as_bytes()).into_owned().collect();
        assert!(
            ticks.iter().any(|(key, _)| key == "max_batch_size")
                && ticks.iter().any(|(key, _)| key == "max_num_tokens"),
            "{pairs}"
        );
        let deployment = Deployment {
            limits: BuildLimits { max_seq_len: Some(8192), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let fits = |key: &str, value: u64| {
            let changed = setting(key).unwrap().with(&deployment, &value.to_string()).unwrap();
            estimate(&changed).is_ok_and(|report| report.verdict.fits())
        };
        for (key, value) in ticks.iter().filter(|(key, _)| key.starts_with("max_") && !key.contains("rank")) {
            let last: u64 = value.parse().unwrap();
            assert!(fits(key, last) && !fits(key, last + 1), "{key} {last}");
        }
    }

    #[test]
    fn a_limit_that_is_off_has_no_tick() {
        let ticks = answer_text("ask=slider_limits&link=max_seq_len%3D8192", &Given::default());
        assert!(ticks.contains("max_batch_size") || ticks.contains("max_num_tokens"), "{ticks}");
        assert!(!ticks.contains("max_gpu_total_bytes"), "{ticks}");
    }
}
