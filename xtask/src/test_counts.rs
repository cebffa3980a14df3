//! Counting tests in the output of test runners.

/// The numbers of passed and failed tests or checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    pub passed: u64,
    pub failed: u64,
}

impl TestCounts {
    pub const ONE_PASSED: Self = Self { passed: 1, failed: 0 };
    pub const ONE_FAILED: Self = Self { passed: 0, failed: 1 };

    /// Adds the counts of a line if it is a summary: `test result: ok. 3 passed; 1 failed; …` from
    /// Rust and wasm-bindgen, or `ℹ pass 3`, `ℹ fail 1` and `ℹ cancelled 1` from Node.
    pub fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            for part in result.split([';', '.']) {
                match part.trim().split_once(' ') {
                    Some((count, "passed")) => self.passed += number(count),
                    Some((count, "failed")) => self.failed += number(count),
                    _ => {}
                }
            }
        } else if let Some((word, count)) = line.strip_prefix("ℹ ").and_then(|rest| rest.split_once(' ')) {
            match word {
                "pass" => self.passed += number(count),
                "fail" | "cancelled" => self.failed += number(count),
                _ => {}
            }
        }
    }
}

impl std::ops::AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl std::fmt::Display for TestCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &[&str]) -> TestCounts {
        let mut counts = TestCounts::default();
        lines.iter().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn summaries_of_rust_and_wasm_bindgen_are_read() {
        let read = counts(&[
            "running 3 tests",
            "test result: ok. 41 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!(read, TestCounts { passed: 43, failed: 1 });
    }

    #[test]
    fn the_summary_of_node_is_read() {
        let read = counts(&["ℹ tests 9", "ℹ pass 6", "ℹ fail 2", "ℹ cancelled 1", "ℹ skipped 0"]);
        assert_eq!(read, TestCounts { passed: 6, failed: 3 });
    }

    #[test]
    fn other_lines_do_not_count() {
        assert_eq!(counts(&["✔ pass 3", "3 passed", "test x ... ok"]), TestCounts::default());
    }
}
