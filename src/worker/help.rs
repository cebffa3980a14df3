//! The help texts of the settings. The page asks for them after its first picture.

use crate::deployment::{SETTINGS, Setting};

/// Returns a line for each setting: its key, a tab, and its help.
pub(super) fn lines() -> String {
    let line = |setting: &Setting| format!("{}\t{}\n", setting.key, setting.help);
    SETTINGS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::deployment::SETTINGS;
    use crate::worker::{Given, answer_text};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_setting_has_its_help() {
        let helps = answer_text("ask=help", &Given::default());
        for setting in SETTINGS {
            assert!(!setting.help.is_empty(), "{}", setting.key);
            assert!(helps.lines().any(|line| line == format!("{}\t{}", setting.key, setting.help)), "{}", setting.key);
        }
    }
}
