//! The help texts of the settings. The page asks for them after its first picture.

use crate::deployment::{FIELDS, Field};

/// Returns a line for each setting: its key, a tab, and its help.
pub(super) fn lines() -> String {
    let line = |field: &Field| format!("{}\t{}\n", field.key, field.help);
    FIELDS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::deployment::FIELDS;
    use crate::worker::{Given, answer_text};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_setting_has_its_help() {
        let helps = answer_text("ask=help", &Given::default());
        for field in FIELDS {
            assert!(!field.help.is_empty(), "{}", field.key);
            assert!(helps.lines().any(|line| line == format!("{}\t{}", field.key, field.help)), "{}", field.key);
        }
    }
}
