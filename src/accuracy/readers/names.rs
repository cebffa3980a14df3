//! Free-form names of models, GPUs, versions and number formats, mapped to the library's own.
#![cfg(not(target_arch = "wasm32"))]

use crate::accuracy::Exclusion;
use crate::architecture::{self, Architecture, Dtype};
use crate::deployment::{KvCacheDtype, QuantAlgo, Version};
use crate::gpu::{Gpu, gpus};
use crate::units::GIB;

/// Returns the text without its parenthesised parts.
fn without_remarks(text: &str) -> String {
    let mut depth = 0usize;
    let mut kept = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(letter),
            _ => {}
        }
    }
    kept.trim().to_string()
}

/// Suffixes of a repository's name for tuning or storage, which change no dimension of the model.
const ENDINGS: [&str; 24] = [
    "instruct",
    "chat",
    "hf",
    "base",
    "it",
    "sft",
    "dpo",
    "fp8",
    "fp4",
    "nvfp4",
    "mxfp4",
    "bf16",
    "fp16",
    "awq",
    "gptq",
    "int4",
    "int8",
    "w4a16",
    "w8a8",
    "smoothquant",
    "dynamic",
    "block",
    "v2",
    "quantized",
];

/// Finds a model by a repository name of any owner, with remarks and suffixes for tuning or
/// quantization.
pub(super) fn model(text: &str) -> Result<&'static Architecture, Exclusion> {
    let plain = without_remarks(text);
    let path = plain.trim_end_matches('/');
    let mut name = path.rsplit('/').next().unwrap_or(path).replace([' ', '_'], "-");
    // A cache directory of Hugging Face has the form models--owner--name.
    if let Some((_, last)) = name.clone().rsplit_once("--") {
        name = last.to_string();
    }
    if let Some(found) = architecture::find(path).or_else(|| architecture::find(&name)) {
        return Ok(found);
    }
    while let Some((rest, ending)) = name.clone().rsplit_once('-') {
        if !ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
            break;
        }
        name = rest.to_string();
        if let Some(found) = architecture::find(&name) {
            return Ok(found);
        }
    }
    Err(Exclusion::UnknownModel(text.into()))
}

/// Returns the versions that a text may mean: one, those of a range, or all if it names none.
///
/// The first modelled version stands for all earlier ones, because their engines are alike.
/// [`is_before_the_first`] detects them.
pub(super) fn versions(text: Option<&str>) -> Vec<Version> {
    let all: Vec<Version> = Version::NAMES.iter().filter_map(|name| name.parse::<Version>().ok()).collect();
    let said = numbers(text.unwrap_or_default());
    let (Some(least), Some(most)) = (said.iter().min(), said.iter().max()) else {
        return all;
    };
    let modelled = |(major, minor): (u16, u16)| {
        let not_later = all.iter().rev().find(|version| (version.major, version.minor) <= (major, minor));
        not_later.or(all.first()).copied()
    };
    let (least, most) = (modelled(*least), modelled(*most));
    all.iter().copied().filter(|version| least <= Some(*version) && Some(*version) <= most).collect()
}

/// Whether the text names a version before the first modelled one.
pub(super) fn is_before_the_first(text: Option<&str>) -> bool {
    let first = Version::NAMES.first().and_then(|name| name.parse::<Version>().ok());
    let said = numbers(text.unwrap_or_default());
    first.is_some_and(|first| said.iter().any(|said| *said < (first.major, first.minor)))
}

/// The versions in a text. Those in parentheses count only if there are no others, as in `main
/// (2024-05, 0.10 dev)`.
fn numbers(text: &str) -> Vec<(u16, u16)> {
    let outside = numbers_in(&without_remarks(text));
    if outside.is_empty() { numbers_in(text) } else { outside }
}

fn numbers_in(text: &str) -> Vec<(u16, u16)> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let version = |word: &str| {
        let mut parts = word.trim_start_matches(['v', 'V']).split('.');
        let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        // A container's release, such as 24.07, is not a version.
        (major < 10).then_some((major, minor))
    };
    words.filter_map(version).collect()
}

/// Parses a quantization scheme in any usual spelling.
pub(super) fn quant_algo(text: &str) -> Result<QuantAlgo, Exclusion> {
    let plain = without_remarks(text).to_ascii_uppercase().replace([' ', '-'], "_");
    if let Ok(found) = plain.parse::<QuantAlgo>() {
        return Ok(found);
    }
    Ok(match plain.as_str() {
        "NONE" | "NO" | "FP16" | "BF16" | "FLOAT16" | "BFLOAT16" | "HALF" => QuantAlgo::None,
        "INT8" | "INT8_WO" | "INT8_WEIGHT_ONLY" | "W8" => QuantAlgo::W8A16,
        "INT4" | "INT4_WO" | "INT4_WEIGHT_ONLY" | "W4" => QuantAlgo::W4A16,
        "AWQ" | "INT4_AWQ" | "AWQ_INT4" => QuantAlgo::W4A16Awq,
        "GPTQ" | "INT4_GPTQ" | "GPTQ_INT4" => QuantAlgo::W4A16Gptq,
        "FP8_QDQ" | "E4M3" => QuantAlgo::Fp8,
        "FP8_BLOCK" | "FP8_BLOCK_SCALE" | "FP8_BLOCKWISE" => QuantAlgo::Fp8BlockScales,
        "FP8_ROWWISE" => QuantAlgo::Fp8PerChannelPerToken,
        "FP4" => QuantAlgo::Nvfp4,
        "W8A8_SQ_PER_CHANNEL_PLUGIN" => QuantAlgo::W8A8SqPerChannel,
        // The kernels decide the type of the experts' inputs, which does not change the weights.
        "MXFP4" => QuantAlgo::W4A8Mxfp4Mxfp8,
        _ => return Err(not_modelled("quant_algo", text)),
    })
}

/// Parses a type of the KV cache in any usual spelling.
pub(super) fn kv_cache_dtype(text: &str) -> Result<KvCacheDtype, Exclusion> {
    let plain = without_remarks(text).to_ascii_lowercase();
    plain
        .parse::<KvCacheDtype>()
        .ok()
        .or(match plain.as_str() {
            "float16" | "half" => Some(KvCacheDtype::Fp16),
            "bfloat16" => Some(KvCacheDtype::Bf16),
            "fp8_e4m3" | "e4m3" | "float8" => Some(KvCacheDtype::Fp8),
            "fp4" => Some(KvCacheDtype::Nvfp4),
            _ => None,
        })
        .ok_or_else(|| not_modelled("kv_cache_dtype", text))
}

/// Parses a type of the model in any usual spelling; `None` if it is `auto`.
pub(super) fn dtype(text: &str) -> Result<Option<Dtype>, Exclusion> {
    let plain = without_remarks(text).to_ascii_lowercase();
    match Dtype::parse(&plain) {
        None if plain == "auto" => Ok(None),
        None => Err(not_modelled("dtype", text)),
        found => Ok(found),
    }
}

/// A value that the library does not model.
pub(super) fn not_modelled(key: &'static str, value: &str) -> Exclusion {
    Exclusion::NotModelled { key, value: value.into() }
}

/// The largest relative difference between a log's total memory and the catalogue's. The total
/// depends on the driver.
const SAME_MEMORY: f64 = 0.02;

/// Finds a GPU by a free-form name and the total memory that a log printed, if it printed any.
pub(super) fn gpu(text: &str, total_bytes: Option<f64>) -> Result<&'static Gpu, Exclusion> {
    let words = words(text);
    let says = |word: &str| words.iter().any(|said| said == word);
    if says("mig") || says("laptop") || says("class") {
        return Err(Exclusion::UnknownGpu(text.into()));
    }
    let matching = |gpu: &Gpu| {
        let named = gpu.names().map(self::words).filter(|name| name.iter().all(|word| says(word)));
        named.map(|name| name.len()).max()
    };
    let best = gpus().iter().filter_map(|gpu| Some((matching(gpu)?, gpu))).collect::<Vec<_>>();
    let Some(most) = best.iter().map(|(words, _)| *words).max() else {
        return Err(Exclusion::UnknownGpu(text.into()));
    };
    let named: Vec<&'static Gpu> = best.into_iter().filter(|(words, _)| *words == most).map(|(_, gpu)| gpu).collect();
    // Cards of one name that differ in their memory are told apart by the amount alone.
    let family = |gpu: &Gpu| {
        let mut family = self::words(gpu.id);
        family.retain(|word| !word.trim_end_matches("gb").bytes().all(|byte| byte.is_ascii_digit()));
        family
    };
    let states_an_amount = words.iter().any(|word| is_amount(word));
    let mut possible = named.clone();
    if !states_an_amount || total_bytes.is_some() {
        let alike = |gpu: &Gpu| named.iter().any(|named| family(named) == family(gpu));
        possible.extend(gpus().iter().filter(|gpu| alike(gpu) && !named.iter().any(|named| named.id == gpu.id)));
    }
    match total_bytes {
        Some(total) => possible
            .into_iter()
            .find(|gpu| (gpu.memory.0 as f64 / total - 1.0).abs() < SAME_MEMORY)
            .ok_or_else(|| Exclusion::GpuMemory { name: text.into(), printed_gib: total / GIB as f64 }),
        None if possible.len() == 1 => Ok(possible[0]),
        None => Err(Exclusion::AmbiguousGpu { name: text.into(), candidates: list(&possible) }),
    }
}

fn list(gpus: &[&Gpu]) -> String {
    gpus.iter().map(|gpu| gpu.id).collect::<Vec<_>>().join(", ")
}

fn is_amount(word: &str) -> bool {
    word.strip_suffix("gb").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The words of a card's name: a100, sxm and 80gb for `A100-SXM4 80 GB`.
fn words(text: &str) -> Vec<String> {
    let text = text.to_ascii_lowercase().replace("gib", "gb");
    let mut words: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        match (word, words.last_mut()) {
            ("gb", Some(amount)) if amount.bytes().all(|byte| byte.is_ascii_digit()) => amount.push_str("gb"),
            ("sxm2" | "sxm3" | "sxm4" | "sxm5", _) => words.push("sxm".into()),
            _ => words.push(word.into()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str) -> Version {
        name.parse::<Version>().unwrap()
    }

    #[test]
    fn models_are_found_behind_remarks_owners_and_endings() {
        let name = |text: &str| model(text).map(|model| model.name.as_str());
        assert_eq!(name("google/gemma-7b (variant not seen)"), Ok("google/gemma-7b"));
        assert_eq!(name("somebody/Mixtral-8x7B-v0.1-AWQ"), Ok("mistralai/Mixtral-8x7B-v0.1"));
        assert_eq!(name("/home/models/models--DeepSeek-R1-0528"), Ok("deepseek-ai/DeepSeek-R1"));
        assert_eq!(name("Qwen/Qwen-72B(-Chat)"), Ok("Qwen/Qwen-72B"));
        for unknown in ["", "(guess)", "EXAONE (variant not published)", "llama-hf", "/", "--"] {
            assert!(model(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn versions_are_found_in_free_form_texts() {
        for (text, found) in [
            ("0.12.0.dev2024073000", "0.12"),
            ("0.17.0.post1", "0.17"),
            ("<= 0.13", "0.13"),
            ("1.2.0rc6.post2", "1.2"),
            ("main e239adcf (2024-05, 0.10 dev)", "0.10"),
            ("0.8.0 (24.02 container)", "0.8"),
            ("0.11 (Triton 24.07)", "0.11"),
            ("0.6.x (Nov 2023)", "0.8"),
            ("1.9", "1.3"),
        ] {
            assert_eq!(versions(Some(text)), [version(found)], "{text}");
        }
        assert_eq!(versions(Some("0.14/0.15 (2024-11)")), [version("0.14"), version("0.15")]);
        assert_eq!(versions(Some("0.13-0.14 (doc)")), [version("0.13"), version("0.14")]);
        for unknown in [None, Some(""), Some("main 2025-05"), Some("x.y")] {
            assert_eq!(versions(unknown).len(), Version::NAMES.len());
        }
        assert!(
            is_before_the_first(Some("0.6/0.7")) && !is_before_the_first(Some("0.8.0")) && !is_before_the_first(None)
        );
    }

    #[test]
    fn cards_are_found_by_their_words() {
        for (text, id) in [
            ("NVIDIA H100 80GB HBM3", "h100-sxm"),
            ("NVIDIA H100 PCIe 80GB", "h100-pcie"),
            ("A100 80GB (host name a100-test; not printed)", "a100-80gb"),
            ("NVIDIA A100-SXM4-80GB", "a100-80gb"),
            ("A100 40 GB", "a100-40gb"),
            ("GB200 (184 GiB; derived)", "gb200"),
            ("RTX 4090 24GB", "rtx-4090"),
            ("H20 (96GB)", "h20"),
            ("h100_sxm", "h100-sxm"),
        ] {
            assert_eq!(gpu(text, None).map(|gpu| gpu.id), Ok(id), "{text}");
        }
        for unknown in [
            "",
            "12 GiB GPU",
            "sm89 (Ada; name not stated)",
            "B300/GB300 class",
            "H200 MIG 4g.71gb",
            "A100",
            "RTX 9999",
        ] {
            assert!(gpu(unknown, None).is_err(), "{unknown}");
        }
    }

    #[test]
    fn the_printed_memory_decides_between_cards_of_one_name() {
        let gib = |amount: f64| Some(amount * GIB as f64);
        assert_eq!(gpu("A100", gib(39.39)).map(|gpu| gpu.id), Ok("a100-40gb"));
        assert_eq!(gpu("A100", gib(79.15)).map(|gpu| gpu.id), Ok("a100-80gb"));
        assert!(gpu("H100 80GB", gib(22.2)).is_err());
    }

    #[test]
    fn number_formats_are_found_in_any_spelling() {
        assert_eq!(quant_algo("fp8_block_scales"), Ok(QuantAlgo::Fp8BlockScales));
        assert_eq!(quant_algo("int4 awq"), Ok(QuantAlgo::W4A16Awq));
        assert_eq!(quant_algo("bf16"), Ok(QuantAlgo::None));
        assert!(quant_algo("magic").is_err());
        assert_eq!(kv_cache_dtype("FP8"), Ok(KvCacheDtype::Fp8));
        assert_eq!(kv_cache_dtype("bfloat16"), Ok(KvCacheDtype::Bf16));
        assert!(kv_cache_dtype("2bit").is_err());
        assert_eq!(dtype("auto"), Ok(None));
        assert_eq!(dtype("half"), Ok(Some(Dtype::Float16)));
        assert!(dtype("int3").is_err());
    }
}
