//! The measurements that come with the project.

use super::{Comparison, Measured, Measurement, compare_all};
use crate::link;

/// Returns the measurements that come with the project: the rows of `measurements.tsv`.
pub fn measurements() -> Vec<Measurement> {
    include_str!("measurements.tsv").lines().skip(1).filter_map(measurement).collect()
}

/// Compares the measurements that come with the project with the present predictions.
pub fn shipped() -> Comparison {
    compare_all([&measurements()[..]])
}

/// Parses a line of `measurements.tsv`: name, source, link and figures, separated by tabs. `None`
/// if it is malformed.
pub(super) fn measurement(line: &str) -> Option<Measurement> {
    let mut columns = line.split('\t');
    let (id, source, text, figures) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let decoded = link::decode(text);
    let deployment = match decoded.problems.into_iter().next() {
        None => Ok(decoded.deployment),
        Some(problem) => Err(problem.into()),
    };
    let mut measured = Measured::default();
    for figure in figures.split_whitespace() {
        let (name, amount) = figure.split_once('=')?;
        measured.set(name, amount.parse().ok()?).then_some(())?;
    }
    let backend = deployment.as_ref().map_or_else(|_| String::new(), |deployment| deployment.backend.to_string());
    Some(Measurement {
        id: id.into(),
        source: source.into(),
        backend,
        deployment,
        unknown: Vec::new(),
        withheld: Vec::new(),
        measured,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_line_is_read_and_compared() {
        let lines = include_str!("measurements.tsv").lines().count() - 1;
        assert_eq!(measurements().len(), lines);
        assert!(lines >= 20);
        for measurement in measurements() {
            assert!(measurement.deployment.is_ok(), "{}: {:?}", measurement.id, measurement.deployment);
            let named = shipped().cases.iter().any(|case| case.id == measurement.id);
            assert!(named, "{} has no case", measurement.id);
        }
    }
}
