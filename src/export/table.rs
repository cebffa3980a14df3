//! Tables as CSV and Markdown.

use crate::explore::compare::Comparison;
use crate::explore::search::Candidate;
use crate::explore::sweep::Sweep;
use crate::memory::{Contributor, RankKind, Report};
use crate::units::{Bytes, Units, signed};
use csv::{Terminator, WriterBuilder};

/// Rows of cells under a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The header of each column.
    pub header: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn new(header: &[&str], rows: Vec<Vec<String>>) -> Table {
        Table { header: header.iter().map(|cell| (*cell).to_string()).collect(), rows }
    }

    /// The memory of all ranks: a row for each rank, with sizes in bytes.
    pub fn of_report(report: &Report) -> Table {
        let mut header = vec!["rank".to_string(), "tp_rank".into(), "pp_rank".into()];
        header.extend(Contributor::ALL.map(|contributor| contributor.key().to_string()));
        header.extend(["free", "used", "total"].map(String::from));
        let rows = report.ranks.iter().map(|rank| {
            let numbers = [rank.rank, rank.tp_rank, rank.pp_rank].into_iter();
            let sizes = rank.contributors.iter().map(|figure| figure.bytes.0);
            let sums = [rank.free.0, rank.used().0, rank.total.0];
            numbers.chain(sizes).chain(sums).map(|number| number.to_string()).collect()
        });
        let rows = rows.collect();
        Table { header, rows }
    }

    /// The memory of each kind of rank for people, fullest first: a row for each contributor, with
    /// sizes in `units`.
    pub fn for_people(report: &Report, units: Units) -> Table {
        let kinds = report.kinds();
        let mut header = vec![units.giga().to_string()];
        header.extend(kinds.iter().map(RankKind::label));
        let mut rows = Vec::new();
        let mut row = |label: &str, size: &dyn Fn(&crate::memory::Rank) -> Bytes| {
            let cells = kinds.iter().map(|kind| giga_text(size(kind.first), units));
            rows.push(std::iter::once(label.to_string()).chain(cells).collect());
        };
        for contributor in Contributor::ALL {
            row(report.label(contributor), &|rank| rank.figure(contributor).bytes);
        }
        row("Free", &|rank| rank.free);
        row("Capacity", &|rank| rank.total);
        Table { header, rows }
    }

    /// The points of a sweep, with sizes in bytes. Impossible deployments have empty cells.
    pub fn of_sweep(sweep: &Sweep) -> Table {
        let mut header = vec![sweep.key.to_string(), "verdict".into()];
        header.extend(Contributor::ALL.map(|contributor| contributor.key().to_string()));
        header.extend(["free", "total", "kv_tokens"].map(String::from));
        let columns = header.len();
        let rows = sweep.points.iter().map(|point| {
            let mut row = vec![point.text.clone()];
            if let Ok(fullest) = &point.outcome {
                row.push(fullest.verdict.key().to_string());
                row.extend(fullest.rank.contributors.iter().map(|figure| figure.bytes.0.to_string()));
                let rest = [fullest.rank.free.0, fullest.rank.total.0, fullest.kv_cache.tokens];
                row.extend(rest.map(|number| number.to_string()));
            } else {
                row.push("impossible".into());
                row.resize(columns, String::new());
            }
            row
        });
        let rows = rows.collect();
        Table { header, rows }
    }

    /// Deployments that a search found, with sizes in bytes.
    pub fn of_candidates<'a>(candidates: impl IntoIterator<Item = &'a Candidate>) -> Table {
        let row = |one: &Candidate| {
            vec![
                one.gpu.id.to_string(),
                one.gpus.to_string(),
                one.tp_size.to_string(),
                one.pp_size.to_string(),
                one.moe_ep_size.map_or_else(String::new, |size| size.to_string()),
                one.quant_algo.to_string(),
                one.kv_cache_dtype.to_string(),
                one.used.0.to_string(),
                one.room.0.to_string(),
                one.kv_tokens.to_string(),
                one.concurrency.to_string(),
            ]
        };
        let header = [
            "gpu",
            "gpus",
            "tp_size",
            "pp_size",
            "moe_ep_size",
            "quant_algo",
            "kv_cache_dtype",
            "used",
            "room",
            "kv_tokens",
            "concurrency",
        ];
        Table::new(&header, candidates.into_iter().map(row).collect())
    }

    /// Two deployments side by side for people, with sizes in the chosen unit.
    pub fn of_comparison(comparison: &Comparison, units: Units) -> Table {
        let mut rows: Vec<Vec<String>> = comparison
            .differences()
            .into_iter()
            .map(|row| {
                let label = row.contributor.map_or("Free", Contributor::label);
                vec![label.to_string(), giga_text(row.pinned, units), giga_text(row.current, units), row.text(units)]
            })
            .collect();
        let [pinned, current] = [&comparison.pinned, &comparison.current].map(|side| side.kv_cache.tokens);
        let difference = signed(current, pinned, |tokens| tokens.to_string());
        rows.push(vec!["KV cache tokens".into(), pinned.to_string(), current.to_string(), difference]);
        Table::new(&[units.giga(), "pinned", "current", "difference"], rows)
    }

    /// Formats the table as CSV (RFC 4180), whose lines end in CR and LF.
    pub fn csv(&self) -> String {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(Vec::new());
        for cells in std::iter::once(&self.header).chain(&self.rows) {
            // Writing to memory does not fail, and flexible rows may have any length.
            let _ = writer.write_record(cells);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// Formats the table as Markdown, with the first column aligned to the left and the others to
    /// the right.
    pub fn markdown(&self) -> String {
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = (0..self.header.len()).map(|column| if column == 0 { ":---|" } else { "---:|" });
        let rule = format!("|{}\n", rule.collect::<String>());
        std::iter::once(line(&self.header)).chain([rule]).chain(self.rows.iter().map(line)).collect()
    }
}

fn giga_text(bytes: Bytes, units: Units) -> String {
    format!("{:.2}", bytes.giga(units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{Deployment, Parallelism};
    use crate::memory::estimate;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_report_has_a_row_for_each_rank_whose_sizes_add_up() {
        let report = estimate(&Deployment {
            parallel: Parallelism { tp_size: 2, ..Parallelism::default() },
            ..Deployment::engine()
        })
        .unwrap();
        let table = Table::of_report(&report);
        let csv = table.csv();
        assert_eq!(csv.lines().count(), 3);
        assert!(csv.starts_with("rank,tp_rank,pp_rank,weights,activations,runtime_buffers,decoder_buffers,kv_cache,"));
        for row in &table.rows {
            let number = |column: usize| row[column].parse::<u64>().unwrap();
            assert_eq!((3..9).map(number).sum::<u64>(), number(10));
            assert_eq!(number(9) + number(10), number(11));
        }
    }

    #[test]
    fn people_read_a_row_for_each_contributor() {
        let report = estimate(&Deployment {
            parallel: Parallelism { pp_size: 2, ..Parallelism::default() },
            ..Deployment::engine()
        })
        .unwrap();
        let text = Table::for_people(&report, Units::Binary).markdown();
        assert!(text.starts_with("| GiB | GPU 1 | GPU 0 |\n|:---|---:|---:|\n| Weights | "), "{text}");
        assert_eq!(text.lines().count(), 2 + 6 + 2);
    }

    #[test]
    fn cells_are_escaped() {
        let table = Table::new(&["a", "b"], vec![vec!["x,\"y\"".into(), "p|q".into()]]);
        assert_eq!(table.csv(), "a,b\r\n\"x,\"\"y\"\"\",p|q\r\n");
        assert!(table.markdown().ends_with("| x,\"y\" | p\\|q |\n"));
    }
}
