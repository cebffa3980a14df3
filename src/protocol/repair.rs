//! A repair of a deployment, as the worker answers it to the page.

use form_urlencoded::Serializer;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A change that makes a deployment possible or makes it fit, with its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repair {
    /// The changes as pairs of a link, to be applied to the deployment: `kv_cache_dtype=fp8`.
    pub settings: String,
    /// The name: "FP8 KV cache", "GPU: B200 180 GB", "tp_size 8".
    pub label: String,
    /// The result: "fits, 64 at once".
    pub outcome: String,
    /// The key of the setting that is repaired. If the deployment is impossible, it is one of those
    /// that are wrong.
    pub field: String,
}

impl Repair {
    /// Parses an answer to [`Request::Repairs`](super::Request::Repairs): a repair on each line.
    /// Other lines are ignored.
    pub fn of_answer(answer: &str) -> Vec<Repair> {
        answer.lines().filter_map(|line| line.parse().ok()).collect()
    }
}

/// The repair as a line: form-encoded pairs.
impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repair { settings, label, outcome, field } = self;
        let mut pairs = Serializer::new(String::new());
        pairs.extend_pairs([("settings", settings), ("label", label), ("outcome", outcome), ("field", field)]);
        f.write_str(&pairs.finish())
    }
}

/// The error of a text that is no [`Repair`]: it changes no settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("The repair changes no settings.")]
pub struct InvalidRepair;

/// Parses a line.
impl FromStr for Repair {
    type Err = InvalidRepair;

    fn from_str(text: &str) -> Result<Repair, InvalidRepair> {
        let mut repair = Repair::default();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            match &*key {
                "settings" => repair.settings = value.into_owned(),
                "label" => repair.label = value.into_owned(),
                "outcome" => repair.outcome = value.into_owned(),
                "field" => repair.field = value.into_owned(),
                _ => {}
            }
        }
        if repair.settings.is_empty() { Err(InvalidRepair) } else { Ok(repair) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn repairs_survive_their_text() {
        let repair = Repair {
            settings: "tp_size=64&moe_load_balancer_slots=".into(),
            label: "GPU: B200 180 GB, 50 % & more\n".into(),
            outcome: "fits, 1,024 at once".into(),
            field: "tp_size".into(),
        };
        assert_eq!(repair.to_string().parse(), Ok(repair.clone()));
        let other = Repair { settings: "gpu=b200".into(), ..Repair::default() };
        assert_eq!(Repair::of_answer(&format!("{repair}\n{other}\n")), [repair, other]);
        assert_eq!(Repair::of_answer(""), []);
        assert_eq!("label=nothing".parse::<Repair>(), Err(InvalidRepair));
    }
}
