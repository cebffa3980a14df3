//! The repairs of a deployment that is impossible or doesn't fit.

use crate::deployment::Deployment;
use crate::explore::repair;
use crate::protocol::Repair;

/// Returns a line for each repair, the best first.
pub(super) fn lines(deployment: &Deployment) -> String {
    let lines = repair::repairs(deployment, None).into_iter().map(|found| {
        let repair = Repair {
            settings: found.settings(),
            label: found.label(),
            outcome: found.outcome(),
            field: found.field.into(),
        };
        format!("{repair}\n")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use crate::link;
    use crate::memory::estimate;
    use crate::protocol::{Repair, Request};
    use crate::worker::{Given, answer};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked(link: &str) -> Vec<Repair> {
        let request = Request::Repairs { deployment: link::decode(link).deployment };
        Repair::of_answer(&answer(&request, &Given::default()))
    }

    #[test]
    fn each_repair_makes_the_deployment_fit() {
        for text in
            ["backend=pytorch&model=openai/gpt-oss-120b&quant_algo=W4A8_MXFP4_MXFP8", "v=1&max_batch_size=100000"]
        {
            let repairs = asked(text);
            assert!(!repairs.is_empty());
            for repair in repairs {
                let repaired = link::decode_onto(link::decode(text).deployment, &repair.settings).deployment;
                assert!(estimate(&repaired).unwrap().verdict.fits(), "{text} {repair}");
                assert!(repair.outcome.contains("fit") && !repair.label.is_empty() && !repair.field.is_empty());
            }
        }
        assert_eq!(asked(""), []);
    }
}
