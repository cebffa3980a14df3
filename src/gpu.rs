//! GPUs: the catalogue, with one row each in `gpus.csv`, and custom cards.
//!
//! The page's program contains only the row of [`DEFAULT_GPU`]. It loads the others as a file; see
//! [`provide`].

use crate::catalogue::{Catalogue, catalogue};
use crate::units::Bytes;
use std::ops::Deref;
use std::sync::Arc;

/// The default GPU of a deployment.
pub const DEFAULT_GPU: &str = "h100-sxm";

static CATALOGUE: Catalogue<Gpu> = catalogue!(include_str!("gpus.csv"), DEFAULT_GPU, |row, _| Gpu::from_row(row));

/// The connection between the GPUs of a node, as far as communication buffers depend on it. The
/// NVLink generation follows from the compute capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// NVLink between all cards.
    NvLink,
    /// PCI Express with peer access (data-centre and professional cards), possibly with a bridge
    /// between two cards.
    PciePeer,
    /// PCI Express through host memory (GeForce).
    PcieHost,
    /// A single GPU in the node, which shares its memory with the CPU (Jetson, DGX Spark).
    Unified,
}

/// A GPU, as its driver describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    /// The short name in links, such as `h100-sxm`.
    pub id: &'static str,
    /// Other short names, separated by spaces.
    pub aliases: &'static str,
    /// The display name, such as "H100 SXM 80 GB".
    pub name: &'static str,
    /// Total memory as `cudaMemGetInfo` reports it. It is below the nominal figure and varies
    /// slightly between drivers.
    pub memory: Bytes,
    /// The smallest total reported by any driver.
    pub memory_low: Bytes,
    /// The largest total reported by any driver.
    pub memory_high: Bytes,
    /// The way the total was inferred from other cards; `None` if a reading was published.
    pub memory_inferred: Option<&'static str>,
    /// Major and minor compute capability.
    pub compute_capability: (u8, u8),
    /// Number of streaming multiprocessors.
    pub multiprocessors: u32,
    /// Maximum number of resident threads per multiprocessor.
    pub threads_per_multiprocessor: u32,
    /// The connection to the other GPUs of a node.
    pub link: Link,
    /// The source of the total.
    pub source: &'static str,
}

/// The GPU of a deployment: a catalogue entry or a custom card. It dereferences to a [`Gpu`] and is
/// cheap to clone.
///
/// A link names a card by its `id`, which is looked up in the catalogue only. The link of a
/// deployment with a custom card therefore cannot be decoded.
/// ```
/// use trtllm_memory::deployment::Deployment;
/// use trtllm_memory::gpu::{Gpu, GpuRef, find};
/// use trtllm_memory::memory::estimate;
/// use trtllm_memory::units::Bytes;
///
/// let h200 = find("h200").unwrap().clone();
/// let memory = Bytes::from_gib(95.0);
/// let slice = Gpu {
///     id: "h200-slice",
///     name: "H200 slice",
///     memory,
///     memory_low: memory,
///     memory_high: memory,
///     ..h200
/// };
/// let deployment = Deployment { gpu: GpuRef::custom(slice), ..Deployment::engine() };
/// assert_eq!(deployment.gpu.name, "H200 slice");
/// assert!(estimate(&deployment).unwrap().verdict.fits());
/// ```
#[derive(Debug, Clone)]
pub enum GpuRef {
    /// A catalogue entry.
    Catalogue(&'static Gpu),
    /// A custom card.
    Custom(Arc<Gpu>),
}

impl GpuRef {
    /// Returns a reference to a custom card.
    pub fn custom(gpu: Gpu) -> GpuRef {
        GpuRef::Custom(Arc::new(gpu))
    }
}

impl Deref for GpuRef {
    type Target = Gpu;
    fn deref(&self) -> &Gpu {
        match self {
            GpuRef::Catalogue(gpu) => gpu,
            GpuRef::Custom(gpu) => gpu,
        }
    }
}

impl From<&'static Gpu> for GpuRef {
    fn from(gpu: &'static Gpu) -> GpuRef {
        GpuRef::Catalogue(gpu)
    }
}

/// Returns the default GPU of a deployment.
impl Default for GpuRef {
    fn default() -> GpuRef {
        find(DEFAULT_GPU).unwrap_or(&gpus()[0]).into()
    }
}

/// Compares catalogue entries by `id` and custom cards by all fields. A catalogue entry never
/// equals a custom card.
impl PartialEq for GpuRef {
    fn eq(&self, other: &GpuRef) -> bool {
        match (self, other) {
            (GpuRef::Catalogue(a), GpuRef::Catalogue(b)) => a.id == b.id,
            (GpuRef::Custom(a), GpuRef::Custom(b)) => a == b,
            _ => false,
        }
    }
}

/// The known GPUs of the catalogue, in display order.
pub fn gpus() -> &'static [Gpu] {
    CATALOGUE.all()
}

/// Whether every GPU of the catalogue is known, not just the default.
pub fn is_whole() -> bool {
    CATALOGUE.is_whole()
}

/// Adds all GPUs of `gpus.csv` to a program that contains only the default. Returns whether `file`
/// is that file.
pub fn provide(file: &'static str) -> bool {
    CATALOGUE.provide(file)
}

/// Returns the GPU with this short name, ignoring case. Spaces and underscores count as hyphens.
///
/// ```
/// assert_eq!(trtllm_memory::gpu::find("H100 SXM").unwrap().memory.mib(), 81079.0);
/// ```
pub fn find(name: &str) -> Option<&'static Gpu> {
    let name = name.trim().replace([' ', '_'], "-");
    gpus().iter().find(|gpu| gpu.names().any(|known| known.eq_ignore_ascii_case(&name)))
}

/// Returns the GPUs whose names contain every word of `text`, in catalogue order. The page's
/// program returns none, because its users do not type GPU names.
pub fn suggest(text: &str) -> Vec<&'static Gpu> {
    if cfg!(not(feature = "explanations")) {
        return Vec::new();
    }
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let contains = |gpu: &&Gpu| {
        let all = format!("{} {} {}", gpu.id, gpu.aliases, gpu.name).to_ascii_lowercase();
        words.iter().all(|word| all.contains(word))
    };
    if words.is_empty() { Vec::new() } else { gpus().iter().filter(contains).collect() }
}

impl Gpu {
    /// The short name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.id).chain(self.aliases.split_whitespace())
    }

    /// Parses a row of `gpus.csv`. Returns `None` if a column is missing or invalid, which a test
    /// rules out.
    fn from_row(row: &'static str) -> Option<Gpu> {
        let mut columns = row.splitn(11, ',');
        let mut column = || columns.next();
        let (id, aliases, name) = (column()?, column()?, column()?);
        let mut mib = || column()?.parse().ok().map(Bytes::from_mib);
        let (memory, memory_low, memory_high) = (mib()?, mib()?, mib()?);
        let (major, minor) = column()?.split_once('.')?;
        let compute_capability = (major.parse().ok()?, minor.parse().ok()?);
        let (multiprocessors, threads_per_multiprocessor) = (column()?.parse().ok()?, column()?.parse().ok()?);
        let link = match column()? {
            "nvlink" => Link::NvLink,
            "peer" => Link::PciePeer,
            "host" => Link::PcieHost,
            "unified" => Link::Unified,
            _ => return None,
        };
        let source = column()?.trim_matches('"');
        Some(Gpu {
            id,
            aliases,
            name,
            memory,
            memory_low,
            memory_high,
            memory_inferred: source.strip_prefix("inferred: "),
            compute_capability,
            multiprocessors,
            threads_per_multiprocessor,
            link,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_row_is_read_and_sound() {
        assert_eq!(gpus().len(), CATALOGUE.rows().lines().count() - 1);
        assert!(gpus().len() >= 30);
        for gpu in gpus() {
            assert!(gpu.memory_low <= gpu.memory && gpu.memory <= gpu.memory_high, "{}", gpu.id);
            // CUDA reports less than the nominal size in the name.
            let nominal: f64 = gpu.name.split(' ').rev().nth(1).unwrap().parse().unwrap();
            let share = gpu.memory.gib() / nominal;
            assert!((0.88..1.0).contains(&share), "{}: {share}", gpu.id);
        }
    }

    #[test]
    fn the_page_holds_the_row_of_the_default_gpu() {
        assert_eq!(CATALOGUE.held_by_the_page().as_ref(), find(DEFAULT_GPU));
    }

    #[test]
    fn every_name_means_one_gpu() {
        let mut names: Vec<&str> = gpus().iter().flat_map(Gpu::names).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn names_are_found_in_any_case_and_by_their_parts() {
        assert_eq!(find("H100_SXM").map(|gpu| gpu.id), Some("h100-sxm"));
        assert_eq!(find("h100").map(|gpu| gpu.id), Some("h100-sxm"));
        assert!(find("h1000").is_none());
        assert_eq!(suggest("a100 80").first().map(|gpu| gpu.id), Some("a100-80gb"));
        assert!(suggest("").is_empty());
    }
}
