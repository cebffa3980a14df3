//! Catalogues: files with a row for each known item.
//!
//! Without the feature `catalogues` a program holds only the row of the default deployment.
//! The page is such a program: it loads the files later, see [`Catalogue::provide`].

use std::sync::OnceLock;

/// A file and its parsed rows.
pub(crate) struct Catalogue<T: 'static> {
    own_rows: &'static str,
    default_row: &'static str,
    parse_row: ParseRow<T>,
    own: OnceLock<Known<T>>,
    provided: OnceLock<Known<T>>,
}

/// Parses a row, given also the part of the file before it.
type ParseRow<T> = fn(&'static str, &'static str) -> Option<T>;

/// The known items, and the rows that they were parsed from.
struct Known<T> {
    rows: &'static str,
    items: Vec<T>,
}

/// Makes the [`Catalogue`] of a file: the file's text, the name of its default row, and the parser
/// of a row.
macro_rules! catalogue {
    ($file:expr, $default:expr, $parse_row:expr) => {{
        const FILE: &str = $file;
        const RANGE: (usize, usize) = $crate::catalogue::row_of(FILE.as_bytes(), $default.as_bytes());
        // Copied into bytes of its own: a slice of the file would keep the whole file in the
        // program.
        const ROW: [u8; RANGE.1 - RANGE.0] = {
            let mut row = [0; RANGE.1 - RANGE.0];
            row.copy_from_slice(FILE.as_bytes().split_at(RANGE.1).0.split_at(RANGE.0).1);
            row
        };
        const DEFAULT_ROW: &str = match str::from_utf8(&ROW) {
            Ok(row) => row,
            Err(_) => "",
        };
        // Evaluated by the compiler, so that a broken file does not build.
        const { assert!(!DEFAULT_ROW.is_empty(), "the catalogue's default row is missing or not UTF-8") };
        let own_rows = if cfg!(feature = "catalogues") { FILE } else { DEFAULT_ROW };
        $crate::catalogue::Catalogue::new(own_rows, DEFAULT_ROW, $parse_row)
    }};
}
pub(crate) use catalogue;

/// Returns the start and the end of the row with this name, or an empty range if there is none.
pub(crate) const fn row_of(file: &[u8], name: &[u8]) -> (usize, usize) {
    let (mut start, mut end) = (0, 0);
    while end < file.len() {
        let mut same = 0;
        while same < name.len() && file[start + same] == name[same] {
            same += 1;
        }
        end = start;
        while end < file.len() && file[end] != b'\n' {
            end += 1;
        }
        if same == name.len() && file[start + same] == b',' {
            return (start, end);
        }
        start = end + 1;
    }
    (0, 0)
}

impl<T> Catalogue<T> {
    /// A catalogue with the rows that this program holds, and the default row that every program
    /// holds.
    pub(crate) const fn new(own_rows: &'static str, default_row: &'static str, parse_row: ParseRow<T>) -> Catalogue<T> {
        Catalogue { own_rows, default_row, parse_row, own: OnceLock::new(), provided: OnceLock::new() }
    }

    fn known(&self) -> &Known<T> {
        self.provided.get().unwrap_or_else(|| self.own.get_or_init(|| self.parse(self.own_rows)))
    }

    /// Parses the rows; the header is not one, so it is skipped.
    fn parse(&self, rows: &'static str) -> Known<T> {
        let mut start = 0;
        let items = rows.split_inclusive('\n').filter_map(|line| {
            let before = &rows[..start];
            start += line.len();
            (self.parse_row)(line.trim_end(), before)
        });
        Known { rows, items: items.collect() }
    }

    /// All known items.
    pub(crate) fn all(&self) -> &[T] {
        &self.known().items
    }

    /// The rows of all known items.
    pub(crate) fn rows(&self) -> &'static str {
        self.known().rows
    }

    /// Whether the whole file is known, rather than the default row alone.
    pub(crate) fn is_whole(&self) -> bool {
        cfg!(feature = "catalogues") || self.provided.get().is_some()
    }

    /// The item of the default row, which is all that the page's program holds.
    #[cfg(test)]
    pub(crate) fn held_by_the_page(&self) -> Option<T> {
        (self.parse_row)(self.default_row, "")
    }

    /// Provides the whole file to a program that holds the default row alone.
    ///
    /// Returns whether `file` is this catalogue's file, which is recognised by its default row.
    pub(crate) fn provide(&self, file: &'static str) -> bool {
        let is_catalogue = file.lines().any(|row| row == self.default_row);
        if is_catalogue {
            self.provided.get_or_init(|| self.parse(file));
        }
        is_catalogue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NUMBERS: &str = "name,number\none,1\ntwo,2\nthree,3\n";

    fn number(row: &str, _: &str) -> Option<u32> {
        row.split_once(',')?.1.parse().ok()
    }

    #[test]
    fn a_program_with_only_the_default_row_gets_the_others_from_the_file() {
        let default_row = catalogue!(NUMBERS, "two", number).default_row;
        let whole = Catalogue::new(NUMBERS, default_row, number);
        let partial = Catalogue::new(default_row, default_row, number);
        assert_eq!((whole.all(), partial.all(), partial.rows()), (&[1, 2, 3][..], &[2][..], "two,2"));
        for other in ["", "<!doctype html><title>Not here</title>", "name,number\none,1\n"] {
            assert!(!partial.provide(other), "{other}");
            assert_eq!(partial.all(), [2]);
        }
        assert!(partial.provide(NUMBERS));
        assert_eq!((partial.all(), partial.rows()), (&[1, 2, 3][..], NUMBERS));
    }
}
