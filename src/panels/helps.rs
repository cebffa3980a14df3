//! The help of every setting, which the page asks for once its first picture stands.

use crate::deployment::FIELDS;

/// A line for each setting: its key, a tab, and its help. It is text, not markup.
pub(super) fn lines() -> String {
    let line = |field: &crate::deployment::Field| format!("{}\t{}\n", field.key, field.help);
    FIELDS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::deployment::FIELDS;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_setting_has_its_help() {
        let helps = answer("panel=helps");
        for field in FIELDS {
            assert!(!field.help.is_empty(), "{}", field.key);
            assert!(helps.lines().any(|line| line == format!("{}\t{}", field.key, field.help)), "{}", field.key);
        }
    }
}
