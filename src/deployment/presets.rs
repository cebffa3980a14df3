//! Example deployments for common workloads, with one row each in `presets.csv`.
//!
//! The page's program contains only the first. It loads the others as a file; see [`provide`].

use crate::catalogue::{Catalogue, catalogue};

static CATALOGUE: Catalogue<Preset> =
    catalogue!(include_str!("presets.csv"), "TensorRT-LLM's defaults", |row, _| Preset::from_row(row));

/// A named deployment.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The display name.
    pub name: &'static str,
    /// The link of the deployment.
    pub link: &'static str,
    /// A sentence on the workload and the reason for its limits.
    pub about: &'static str,
}

/// The known presets, in display order.
pub fn presets() -> &'static [Preset] {
    CATALOGUE.all()
}

/// Whether every preset is known, not just the first.
pub fn is_whole() -> bool {
    CATALOGUE.is_whole()
}

/// Adds all presets of `presets.csv` to a program that contains only the first. Returns whether
/// `file` is that file.
pub fn provide(file: &'static str) -> bool {
    CATALOGUE.provide(file)
}

impl Preset {
    /// Parses a row of `presets.csv`. Returns `None` if a column is missing or the link is invalid,
    /// which a test rules out.
    fn from_row(row: &'static str) -> Option<Preset> {
        let (name, rest) = row.split_once(',')?;
        let (link, about) = rest.split_once(',')?;
        let is_link = link.is_empty() || link.starts_with("v=");
        is_link.then_some(Preset { name, link, about })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Load;
    use crate::link;
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_is_read() {
        assert_eq!(presets().len(), CATALOGUE.rows().lines().count() - 1);
        assert!(presets().len() >= 9);
    }

    #[test]
    fn the_page_holds_the_row_of_the_first_preset() {
        assert_eq!(CATALOGUE.held_by_the_page().as_ref(), presets().first());
    }

    #[test]
    fn every_preset_is_sound_and_fits_with_certainty() {
        for preset in presets() {
            let decoded = link::decode(preset.link);
            assert_eq!(decoded.problems, [], "{}", preset.name);
            assert_eq!(link::encode(&decoded.deployment), preset.link, "the link is the shortest");
            let report = estimate(&decoded.deployment).unwrap();
            assert_eq!(report.verdict.key(), "fits", "{}: {:?}", preset.name, report.verdict);
        }
    }

    #[test]
    fn presets_run_the_jobs_that_they_are_named_for() {
        for (name, concurrency, input_len, output_len) in [
            ("A chat service", 200, 2000, 500),
            ("Long context", 4, 120_000, 2000),
            ("An offline batch", 1000, 500, 200),
            ("A small GPU", 16, 3000, 1000),
        ] {
            let preset = presets().iter().find(|preset| preset.name == name).unwrap();
            let report = estimate(&link::decode(preset.link).deployment).unwrap();
            assert_eq!(Load { concurrency, input_len, output_len }.held_by(&report), Ok(()), "{name}");
        }
    }
}
