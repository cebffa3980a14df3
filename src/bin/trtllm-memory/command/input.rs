//! Files that a person names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A model's file is read up to this many bytes: more than a safetensors header can have.
const LONGEST: u64 = 110_000_000;

/// Opens a file, or the standard input for `-`.
pub fn open(file: &Path) -> Result<Box<dyn Read>, String> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    File::open(file).map(|file| Box::new(file) as Box<dyn Read>).map_err(|error| format!("{}: {error}", file.display()))
}

/// The start of a file: all of a configuration, and a safetensors file's header.
pub fn whole(file: &Path) -> Result<Vec<u8>, String> {
    let mut reader = open(file)?;
    let mut bytes = Vec::new();
    // Of a file with tensors the header's length says how much is needed.
    let read = reader.by_ref().take(8).read_to_end(&mut bytes).and_then(|_| {
        let length = bytes.first_chunk::<8>().map_or(LONGEST, |length| u64::from_le_bytes(*length));
        let more = if length < LONGEST { length.max(1 << 16) } else { LONGEST };
        reader.take(more).read_to_end(&mut bytes)
    });
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST => Err(too_long(file)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// The complaint about a file beyond [`LONGEST`], with its size if the file system knows it.
fn too_long(file: &Path) -> String {
    let size = std::fs::metadata(file).ok().map(|metadata| metadata.len()).filter(|size| *size > LONGEST);
    let size =
        size.map_or_else(|| format!("more than {} MB", LONGEST / 1_000_000), |size| format!("{} MB", size / 1_000_000));
    format!("{}: the file has {size}; a model's file is read up to {} MB.", file.display(), LONGEST / 1_000_000)
}
