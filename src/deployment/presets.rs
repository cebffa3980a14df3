//! A few deployments to start from, for jobs that people have, one row each in `presets.csv`.
//!
//! The page's program holds the first alone; the others reach it as a file, see [`provide`].

use crate::catalogue::{Catalogue, catalogue};

static CATALOGUE: Catalogue<Preset> =
    catalogue!(include_str!("presets.csv"), "TensorRT-LLM's defaults", Preset::from_row);

/// A deployment with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// What a person would call it.
    pub name: &'static str,
    /// Its link.
    pub link: &'static str,
    /// The job, and why its limits are what they are; a sentence.
    pub about: &'static str,
}

/// The presets that are known, in the order in which they are shown.
pub fn presets() -> &'static [Preset] {
    CATALOGUE.all()
}

/// Whether every preset is known, and not the first alone.
pub fn is_whole() -> bool {
    CATALOGUE.is_whole()
}

/// Makes all presets of `presets.csv` known to a program that holds the first alone; says whether it is that file.
pub fn provide(file: &'static str) -> bool {
    CATALOGUE.provide(file)
}

impl Preset {
    /// A row of `presets.csv`; `None` where a column is missing or no link, which a test rules out.
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
