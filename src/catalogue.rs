//! Catalogues: files with a row for each thing that is known.
//!
//! The page's program holds the row of the default deployment alone (feature `lean`); the files reach it later, see
//! [`Catalogue::provide`].

use std::sync::OnceLock;

/// A file whose rows are things that are known.
pub struct Catalogue<T: 'static> {
    own_rows: &'static str,
    default_row: &'static str,
    read: fn(&'static str) -> Option<T>,
    own: OnceLock<Known<T>>,
    provided: OnceLock<Known<T>>,
}

/// What is known, and the rows that it was read from.
struct Known<T> {
    rows: &'static str,
    things: Vec<T>,
}

/// The [`Catalogue`] of a file, of the thing that the page's program holds, by what its row begins with, and of what reads a row.
macro_rules! catalogue {
    ($file:expr, $default:expr, $read:expr) => {{
        const FILE: &str = $file;
        const PLACE: (usize, usize) = $crate::catalogue::row_of(FILE.as_bytes(), $default.as_bytes());
        // In bytes of its own: a part of the file would keep all of it in the program.
        const ROW: [u8; PLACE.1 - PLACE.0] = {
            let mut row = [0; PLACE.1 - PLACE.0];
            row.copy_from_slice(FILE.as_bytes().split_at(PLACE.1).0.split_at(PLACE.0).1);
            row
        };
        const DEFAULT_ROW: &str = match str::from_utf8(&ROW) {
            Ok(row) => row,
            Err(_) => panic!("the catalogue is not UTF-8"),
        };
        $crate::catalogue::Catalogue::new(if cfg!(feature = "lean") { DEFAULT_ROW } else { FILE }, DEFAULT_ROW, $read)
    }};
}
pub(crate) use catalogue;

/// Where the row with this name begins and ends.
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
    panic!("the catalogue lacks what is there by default");
}

impl<T> Catalogue<T> {
    /// A catalogue of which this program holds these rows, and every program this one.
    pub(crate) const fn new(
        own_rows: &'static str,
        default_row: &'static str,
        read: fn(&'static str) -> Option<T>,
    ) -> Catalogue<T> {
        Catalogue { own_rows, default_row, read, own: OnceLock::new(), provided: OnceLock::new() }
    }

    fn known(&self) -> &Known<T> {
        self.provided.get().unwrap_or_else(|| self.own.get_or_init(|| self.known_from(self.own_rows)))
    }

    /// The rows that can be read; the line with the names of the columns is none of them.
    fn known_from(&self, rows: &'static str) -> Known<T> {
        Known { rows, things: rows.lines().filter_map(self.read).collect() }
    }

    /// Everything that is known.
    pub fn all(&self) -> &[T] {
        &self.known().things
    }

    /// The rows of everything that is known.
    pub fn rows(&self) -> &'static str {
        self.known().rows
    }

    /// Whether all of the file is known, and not the default row alone.
    pub fn is_whole(&self) -> bool {
        !cfg!(feature = "lean") || self.provided.get().is_some()
    }

    /// What the page's program holds.
    #[cfg(test)]
    pub(crate) fn held_by_the_page(&self) -> Option<T> {
        (self.read)(self.default_row)
    }

    /// Makes all of the file known to a program that holds the default row alone; says whether it is that file.
    pub fn provide(&self, file: &'static str) -> bool {
        let is_catalogue = file.lines().any(|row| row == self.default_row);
        if is_catalogue {
            self.provided.get_or_init(|| self.known_from(file));
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

    fn number(row: &str) -> Option<u32> {
        row.split_once(',')?.1.parse().ok()
    }

    #[test]
    fn a_program_that_holds_one_row_learns_the_others_from_the_file() {
        let whole: Catalogue<u32> = catalogue!(NUMBERS, "two", number);
        let lean = Catalogue::new(whole.default_row, whole.default_row, number);
        assert_eq!((whole.all(), lean.all(), lean.rows()), (&[1, 2, 3][..], &[2][..], "two,2"));
        for other in ["", "<!doctype html><title>Not here</title>", "name,number\none,1\n"] {
            assert!(!lean.provide(other), "{other}");
            assert_eq!(lean.all(), [2]);
        }
        assert!(lean.provide(NUMBERS));
        assert_eq!((lean.all(), lean.rows()), (&[1, 2, 3][..], NUMBERS));
    }
}
