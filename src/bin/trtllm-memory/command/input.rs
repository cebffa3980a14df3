//! Input files and standard input.

use std::fs::File;
use std::io::{self, BufRead, Read, StdinLock};
use std::path::{Path, PathBuf};
use trtllm_memory::import::together::is_wanted;

/// Bytes of a model's file that are read, at most: more than a safetensors header can have.
const LONGEST: u64 = 110_000_000;

/// Bytes of all headers of a folder that are read, at most, if a configuration says the same.
const MOST_HEADERS: u64 = 32_000_000;
/// Files of a folder whose headers are read, at most, if a configuration says the same.
const MOST_FILES: usize = 2000;

/// The name of standard input, in place of a file's name.
pub(super) const STANDARD_INPUT: &str = "-";
/// Bytes of a line of links that are read, at most: more than a link can have.
const LONGEST_LINE: u64 = 1 << 16;

/// An input that cannot be read; with a message that names it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct InputError(String);

impl InputError {
    /// An error of reading a file.
    pub(super) fn new(file: &Path, error: &io::Error) -> InputError {
        InputError(format!("{}: {error}", file.display()))
    }
}

/// Opens a file, or standard input for `-`.
pub(super) fn open(file: &Path) -> Result<Box<dyn Read>, InputError> {
    if file == Path::new(STANDARD_INPUT) {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(file) {
        Ok(opened) => Ok(Box::new(opened)),
        Err(error) => Err(InputError::new(file, &error)),
    }
}

/// Reads the start of a file: a whole configuration, or the header of a safetensors file.
pub(super) fn whole(file: &Path) -> Result<Vec<u8>, InputError> {
    let mut reader = open(file)?;
    let mut bytes = Vec::new();
    // A safetensors file begins with the length of its header.
    let read = reader.by_ref().take(8).read_to_end(&mut bytes).and_then(|_| {
        let length = bytes.first_chunk::<8>().map_or(LONGEST, |length| u64::from_le_bytes(*length));
        let more = if length < LONGEST { length.max(1 << 16) } else { LONGEST };
        reader.take(more).read_to_end(&mut bytes)
    });
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST => Err(too_long(file)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(InputError::new(file, &error)),
    }
}

/// Reads what a checkpoint's folder says about its model: each configuration and index whole, and
/// of safetensors files the headers.
pub(super) fn checkpoint(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, InputError> {
    let failed = |error: &io::Error| InputError::new(folder, error);
    let mut wanted: Vec<PathBuf> = Vec::new();
    let mut count = 0_usize;
    for entry in std::fs::read_dir(folder).map_err(|error| failed(&error))? {
        let name = entry.map_err(|error| failed(&error))?.file_name();
        count += 1;
        if name.to_str().is_some_and(is_wanted) {
            wanted.push(folder.join(name));
        }
    }
    wanted.sort();
    let (tensors, others): (Vec<PathBuf>, Vec<PathBuf>) =
        wanted.into_iter().partition(|path| path.extension().is_some_and(|ending| ending == "safetensors"));
    // Beside the shards of one format there may be the same tensors in another.
    let is_main = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("model"));
    let has_main = tensors.iter().any(is_main);
    let tensors: Vec<PathBuf> = tensors.into_iter().filter(|path| !has_main || is_main(path)).collect();
    let mut read = Vec::new();
    for path in others {
        read.push((path.clone(), whole(&path)?));
    }
    // The configurations say what the headers of very many files would.
    if read.is_empty() || headers_len(&tensors) <= MOST_HEADERS {
        for path in tensors {
            read.push((path.clone(), whole(&path)?));
        }
    }
    if read.is_empty() {
        return Err(InputError(format!(
            "{}: none of its {count} files is a config.json, an hf_quant_config.json, a params.json, an index or a \
             .safetensors file; give the folder of a checkpoint.",
            folder.display()
        )));
    }
    Ok(read)
}

/// The bytes of the headers of safetensors files, as far as they can be read.
fn headers_len(files: &[PathBuf]) -> u64 {
    let length = |path: &PathBuf| {
        let mut bytes = [0; 8];
        File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map_or(0, |()| u64::from_le_bytes(bytes))
    };
    files
        .iter()
        .take(MOST_FILES)
        .map(length)
        .fold(MOST_HEADERS * u64::from(files.len() > MOST_FILES), u64::saturating_add)
}

/// The error of a file longer than [`LONGEST`], with its size if the file system knows it.
fn too_long(file: &Path) -> InputError {
    let size = std::fs::metadata(file).ok().map(|metadata| metadata.len()).filter(|size| *size > LONGEST);
    let limit = LONGEST / 1_000_000;
    let size = size.map_or_else(|| format!("more than {limit} MB"), |size| format!("{} MB", size / 1_000_000));
    let file = file.display();
    InputError(format!("{file}: the file has {size}; a model's file is read up to {limit} MB."))
}

/// The lines of an input that are not blank, each with its number from 1. An input without any is
/// an error.
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    state: State,
}

/// The progress of reading lines.
#[derive(PartialEq, Eq)]
enum State {
    /// All lines so far were blank.
    Blank,
    Found,
    Ended,
}

impl Lines<StdinLock<'static>> {
    /// The lines of standard input.
    pub(super) fn of_standard_input() -> Self {
        Lines::new(io::stdin().lock())
    }
}

impl<R: BufRead> Lines<R> {
    fn new(input: R) -> Lines<R> {
        Lines { input, number: 0, state: State::Blank }
    }

    /// Reads the next line, cut if it is too long; `None` at the end.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        if self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
        }
        self.number += 1;
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_string()))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(u64, String), InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.state != State::Ended {
            match self.line() {
                Ok(Some(line)) if line.is_empty() => {}
                Ok(Some(line)) => {
                    self.state = State::Found;
                    return Some(Ok((self.number, line)));
                }
                Ok(None) => {
                    let is_blank = self.state == State::Blank;
                    self.state = State::Ended;
                    return is_blank.then(|| Err(InputError("Standard input contains no link.".into())));
                }
                Err(error) => {
                    self.state = State::Ended;
                    return Some(Err(InputError::new(Path::new(STANDARD_INPUT), &error)));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<Result<(u64, String), InputError>> {
        Lines::new(input).collect()
    }

    #[test]
    fn lines_keep_their_numbers_across_blank_ones() {
        let found = lines(b"\n tp_size=2 \r\n\t\n\xff=1");
        assert_eq!(found, [Ok((2, "tp_size=2".into())), Ok((4, "\u{fffd}=1".into()))]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_read() {
        let long = [&b"x".repeat(200_000)[..], b"\ntp_size=2\n"].concat();
        let found = lines(&long);
        assert_eq!(found[0].as_ref().map(|(number, line)| (*number, line.len())), Ok((1, 1 << 16)));
        assert_eq!(found[1], Ok((2, "tp_size=2".into())));
    }

    #[test]
    fn an_input_without_links_is_an_error() {
        for empty in [&b""[..], b" \n\n"] {
            assert!(matches!(&lines(empty)[..], [Err(_)]), "{empty:?}");
        }
    }
}
