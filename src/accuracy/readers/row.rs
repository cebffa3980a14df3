//! Rows of measurement files: settings and figures by name, and remarks. The same rules turn every
//! row into a measurement.

use super::names;
use crate::accuracy::{Compared, Exclusion, Measured, Measurement, Printed, Unknown};
use crate::architecture::{Architecture, Dtype};
use crate::deployment::{Backend, Behavior, Deployment, Input, KvCacheDtype, QuantAlgo, SETTINGS, Version, setting};
use crate::gpu::{self, Gpu};
use crate::units::MIB;

/// A row that is not interpreted yet.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub id: String,
    pub source: String,
    pub backend: String,
    /// The known settings, under the names of [`canonical`].
    pub settings: Vec<(String, String)>,
    /// The model, if the row's dimensions identify it.
    pub model: Option<&'static Architecture>,
    /// Figures under their names in the files.
    pub figures: Vec<(String, f64)>,
    /// The remarks on the row, in lower case.
    pub remarks: String,
    /// Whether an absent setting had its default.
    pub defaults: bool,
}

/// Names of settings in files, with the settings' own names.
const SYNONYMS: [(&str, &str); 15] = [
    ("version", "trtllm_version"),
    ("tp", "tp_size"),
    ("pp", "pp_size"),
    ("ep", "moe_ep_size"),
    ("ep_size", "moe_ep_size"),
    ("moe_expert_parallel_size", "moe_ep_size"),
    ("attention_dp", "enable_attention_dp"),
    ("quant", "quant_algo"),
    ("quantization", "quant_algo"),
    ("kv_dtype", "kv_cache_dtype"),
    ("max_batch", "max_batch_size"),
    ("graph_max_batch", "cuda_graph_max_batch_size"),
    ("fraction", "free_gpu_memory_fraction"),
    ("system", "gpu"),
    ("engine_build_max_batch_size", "build_max_batch_size"),
];

/// The name of the setting that a file calls `name`.
pub(super) fn canonical(name: &str) -> &str {
    SYNONYMS.iter().find(|(other, _)| *other == name).map_or(name, |(_, own)| own)
}

/// Words in the remarks that show that the figures do not belong to the configuration.
const SUSPECT: [&str; 10] = [
    "suspect",
    "several engines",
    "two engines",
    "engines in one process",
    "another model",
    "another's figures",
    "not a measurement",
    "is_estimate",
    "decoder + encoder",
    "contradicted by",
];

impl Row {
    /// Sets a setting unless it has a value already. Blank and null values are ignored.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let (name, value) = (canonical(name), value.trim());
        let is_blank = match value.to_ascii_lowercase().as_str() {
            "" | "null" | "nan" | "n/a" | "-" => true,
            "none" => name != "quant_algo",
            _ => false,
        };
        if name == "speculative" && !is_blank {
            self.set_speculative(value);
        } else if !is_blank && self.get(name).is_none() {
            self.settings.push((name.to_string(), value.to_string()));
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Sets the settings of speculative decoding from a text such as `MTP nextn=3; load balancer
    /// 256 slots`.
    fn set_speculative(&mut self, text: &str) {
        let text = text.to_ascii_lowercase();
        let number_after = |sign: &str| {
            let (_, after) = text.split_once(sign)?;
            let after = after.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        };
        for (sign, kind) in [("mtp", "MTP"), ("eagle3", "Eagle3"), ("ngram", "NGram")] {
            if text.starts_with(sign) {
                self.set("decoding_type", kind);
            }
        }
        if let Some(tokens) = number_after("draft_len").or_else(|| number_after("nextn")) {
            self.set("max_draft_len", &tokens);
        }
        if let Some(slots) = number_after("load balancer") {
            self.set("moe_load_balancer_slots", &slots);
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.parse().ok()
    }

    fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(key, _)| key == name).map(|(_, amount)| *amount)
    }

    /// The measurement that the row describes.
    pub(super) fn measurement(self) -> Measurement {
        let (measured, mut withheld) = self.measured();
        let mut unknown = Vec::new();
        let deployment = self.deployment(&mut unknown);
        if names::is_before_the_first(self.get("trtllm_version")) {
            let first = Version::NAMES.first().copied().unwrap_or_default();
            let modelled = [Compared::Weights, Compared::Activations];
            let others = Compared::ALL.into_iter().filter(|contributor| !modelled.contains(contributor));
            withheld.extend(others.map(|contributor| (contributor, Exclusion::OldVersion(first))));
        }
        let backend = if self.backend.is_empty() { Backend::TensorRt.to_string() } else { self.backend };
        Measurement { id: self.id, source: self.source, backend, deployment, unknown, withheld, measured }
    }

    /// The figures, and those among them that cannot be compared.
    fn measured(&self) -> (Measured, Vec<(Compared, Exclusion)>) {
        let (mut measured, mut withheld) = (Measured::default(), Vec::new());
        for (name, amount) in &self.figures {
            measured.set(name, *amount);
        }
        if let (Some(tokens), Some(per_block), None) =
            (measured.kv_tokens, self.number("tokens_per_block"), measured.blocks)
        {
            measured.blocks = Some(Printed::exactly((tokens.value / per_block).round()));
        }
        if let (Some(blocks), Some(per_block), None) =
            (measured.blocks, self.number("tokens_per_block"), measured.kv_tokens)
        {
            measured.kv_tokens = Some(Printed::exactly(blocks.value * per_block));
        }
        let (file, on_gpu) = (self.figure("engine_mib"), self.figure("engine_gpu_mib"));
        if let (Some(file), None) = (file, measured.weights) {
            measured.weights = Some(Printed::exactly(file * MIB as f64));
            let reason = "only the size of the engine's file is known, which contains more than weights";
            withheld.push((Compared::Weights, Exclusion::Mixed(reason)));
        }
        if let (Some(file), Some(on_gpu), None) = (file, on_gpu, self.figure("total_weights_bytes"))
            && on_gpu > file
        {
            let reason = "TensorRT holds more than the engine's file, so the process has other engines";
            withheld.push((Compared::Weights, Exclusion::Mixed(reason)));
        }
        (measured, withheld)
    }

    /// Makes the deployment of the known settings, and adds the unknown ones that may matter to
    /// `unknown`.
    ///
    /// # Errors
    /// With the reason if the configuration is in doubt or not modelled.
    fn deployment(&self, unknown: &mut Vec<Unknown>) -> Result<Deployment, Exclusion> {
        if let Some(sign) = SUSPECT.iter().find(|sign| self.remarks.contains(**sign)) {
            return Err(Exclusion::Suspect(sign));
        }
        let mut d = Deployment::engine();
        if self.remarks.contains("autodeploy") || self.id.contains("autodeploy") {
            return Err(Exclusion::AutoDeploy);
        }
        if !self.backend.is_empty() {
            d.backend = self.backend.parse::<Backend>().map_err(|_| names::not_modelled("backend", &self.backend))?;
        }
        d.model = match (self.model, self.get("model")) {
            (Some(model), _) => model.into(),
            (None, Some(name)) => names::model(name)?.into(),
            (None, None) => return Err(Exclusion::UnknownSettings("model".into())),
        };
        let quant_algo = match (self.get("quant_algo"), self.get("dtype")) {
            (Some(text), _) => names::quant_algo(text)?,
            (None, Some(dtype)) if dtype != "auto" => QuantAlgo::None,
            (None, _) => {
                unknown.push(Unknown::new("quant_algo", [QuantAlgo::W8A16, QuantAlgo::Fp8, QuantAlgo::W4A16]));
                QuantAlgo::None
            }
        };
        d.precision.quant_algo = Some(quant_algo);
        if let Some(text) = self.get("dtype") {
            d.precision.dtype = names::dtype(text)?;
        } else if let (QuantAlgo::None, Some(text)) = (quant_algo, self.get("quant_algo")) {
            // Some tables write `fp16` for a model that is not quantized.
            d.precision.dtype = Dtype::parse(text);
        }
        let versions = names::versions(self.get("trtllm_version"));
        if let Some((last, others)) = versions.split_last() {
            set(&mut d, "trtllm_version", &last.to_string())?;
            unknown.push(Unknown::new("trtllm_version", others));
        }
        self.gpu(&mut d, unknown);
        self.kv_cache_dtype(&mut d, unknown)?;
        self.parallelism(&mut d, unknown);
        self.batch(&mut d, versions.last().is_some_and(|version| version.has(Behavior::RunPyLimitsBatch)));
        let special =
            ["model", "gpu", "quant_algo", "dtype", "trtllm_version", "kv_cache_dtype", "backend", "max_batch_size"];
        for (name, value) in &self.settings {
            if !special.contains(&name.as_str()) {
                set(&mut d, name, value)?;
            }
        }
        let is_engine = d.backend == Backend::TensorRt;
        if !is_engine && d.model.moe.is_some() && self.get("moe_ep_size").is_none() && !self.defaults {
            unknown.push(Unknown::new("moe_ep_size", [d.parallel.tp_size]));
        }
        if !is_engine && self.get("cuda_graph_max_batch_size").is_none() && !self.defaults {
            // A server that sends KV blocks and names no CUDA graphs reads prompts, for which none
            // are captured.
            if d.pytorch.cache_transceiver_max_tokens_in_buffer > 0 {
                d.pytorch.cuda_graph_max_batch_size = Some(0);
            } else {
                unknown.push(Unknown::new("cuda_graph_max_batch_size", [0, 128]));
            }
        }
        for (key, alternatives) in [
            ("max_batch_size", &["1", "16", "4096"][..]),
            ("max_num_tokens", &["64", "2048", "32768"]),
            ("max_seq_len", &["256", "4096", "262144"]),
            ("tokens_per_block", &["32", "64", "128"]),
            ("free_gpu_memory_fraction", &["0.5", "0.9"]),
        ] {
            let settled = match key {
                "free_gpu_memory_fraction" => d.kv_cache.max_tokens.is_some(),
                // Without a build, an absent setting has its default.
                "max_seq_len" | "tokens_per_block" if !is_engine => true,
                _ => false,
            };
            if self.get(key).is_none() && !settled && !self.defaults {
                unknown.push(Unknown::new(key, alternatives));
            }
        }
        Ok(d)
    }

    /// Sets the GPU. If it is unknown, another one stands in for it in laws that do not depend on
    /// the GPU.
    fn gpu(&self, d: &mut Deployment, unknown: &mut Vec<Unknown>) {
        let total = self.figure("total_gib").map(|gib| gib * MIB as f64 * 1024.0);
        let found = self.get("gpu").map(|text| names::gpu(text, total));
        if let Some(Ok(gpu)) = found {
            d.gpu = gpu.into();
            if total.is_some_and(|total| total >= nominal(gpu) * NOMINAL) {
                let why = "only Windows reports the card's whole nominal memory, and its desktop uses some of it";
                unknown.push(Unknown::new("other_memory_gib", [1]).because(Some(why.into())));
            }
            return;
        }
        if let Some(gpu) = stand_in(d.quant_algo()) {
            d.gpu = gpu.into();
        }
        let why = found.and_then(Result::err).map(|error| error.to_string());
        // Cards without context FMHA are excluded: their contexts are many times as large.
        let likely = gpu::gpus().iter().filter(|gpu| gpu.compute_capability >= (8, 0));
        unknown.push(Unknown::new("gpu", likely.map(|gpu| gpu.id)).because(why));
    }

    /// Sets the type of the KV cache. If absent, it follows the model, unless the checkpoint may
    /// have its own.
    fn kv_cache_dtype(&self, d: &mut Deployment, unknown: &mut Vec<Unknown>) -> Result<(), Exclusion> {
        match self.get("kv_cache_dtype") {
            Some(text) => d.precision.kv_cache_dtype = names::kv_cache_dtype(text)?,
            None if matches!(d.quant_algo(), QuantAlgo::Fp8 | QuantAlgo::Nvfp4 | QuantAlgo::W4A8Awq) => {
                unknown.push(Unknown::new("kv_cache_dtype", [KvCacheDtype::Fp8]));
            }
            None => {}
        }
        Ok(())
    }

    /// Sets the number of ranks. An absent size follows from the number of GPUs if only one value
    /// is possible.
    fn parallelism(&self, d: &mut Deployment, unknown: &mut Vec<Unknown>) {
        let gpus = self.number("gpu_count").map(|count| count as u64);
        let (tp, pp) = (self.number("tp_size").map(|tp| tp as u64), self.number("pp_size").map(|pp| pp as u64));
        let (tp, pp) = match (gpus, tp, pp) {
            (Some(1), tp, pp) => (tp.or(Some(1)), pp.or(Some(1))),
            (Some(gpus), Some(tp), None) => (Some(tp), gpus.checked_div(tp).filter(|pp| pp * tp == gpus)),
            (Some(gpus), None, Some(pp)) => (gpus.checked_div(pp).filter(|tp| tp * pp == gpus), Some(pp)),
            (_, tp, pp) => (tp, pp),
        };
        d.parallel.tp_size = tp.unwrap_or(1);
        d.parallel.pp_size = pp.unwrap_or(1);
        for (key, size) in [("tp_size", tp), ("pp_size", pp)] {
            if size.is_none() {
                unknown.push(Unknown::new(key, [1, 2, 4, 8]));
            }
        }
    }

    /// Sets the batch that the engine was built for and the one that it runs. A row has one of them
    /// or both.
    fn batch(&self, d: &mut Deployment, script_limits: bool) {
        let whole = |name: &str| self.number(name).filter(|number| *number >= 1.0).map(|number| number as u64);
        let (said, built, running) =
            (whole("max_batch_size"), whole("build_max_batch_size"), whole("runtime_max_batch_size"));
        d.limits.max_batch_size = built.or(said);
        // run.py runs as many sequences as it has prompts, which is one by default.
        let by_script = script_limits && self.remarks.contains("run.py");
        d.engine.runtime_max_batch_size = running.or(built.and(said)).or(by_script.then_some(1));
    }
}

/// Sets `name` if it is a setting.
fn set(d: &mut Deployment, name: &str, value: &str) -> Result<(), Exclusion> {
    setting(name).map_or(Ok(()), |field| {
        field.read(d, &plain(field.input, value)).map_err(|problem| Exclusion::InvalidValue {
            key: name.into(),
            value: value.into(),
            problem: problem.to_string(),
        })
    })
}

/// The fraction of the nominal memory above which Linux reports no total.
const NOMINAL: f64 = 0.995;

/// The memory in a card's name, in bytes; infinite if the name has none.
fn nominal(gpu: &Gpu) -> f64 {
    let amount = gpu.name.rsplit(' ').nth(1).and_then(|amount| amount.parse::<f64>().ok());
    amount.map_or(f64::INFINITY, |gib| gib * MIB as f64 * 1024.0)
}

/// A card that can run the scheme.
fn stand_in(quant_algo: QuantAlgo) -> Option<&'static Gpu> {
    gpu::find(if quant_algo == QuantAlgo::Nvfp4 { "b200" } else { "h100-sxm" })
}

/// A value as the table of settings parses it: `float16` turns a plugin on, and 2.0 is a whole
/// number.
fn plain(input: Input, value: &str) -> String {
    match input {
        Input::Toggle if Dtype::parse(value).is_some() || value == "auto" => "true".into(),
        Input::Toggle => value.to_ascii_lowercase(),
        Input::Whole { .. } | Input::Steps { .. } => value.strip_suffix(".0").unwrap_or(value).into(),
        _ => value.into(),
    }
}

/// Sets the settings that a text such as `no gemm plugin, gather_context_logits, logits_dtype
/// float16` turns on or off.
pub(super) fn switches(text: &str, row: &mut Row) {
    let text = text.to_ascii_lowercase();
    for field in SETTINGS.iter().filter(|field| field.input == Input::Toggle) {
        let short = field.key.trim_start_matches("use_").to_string();
        for spelling in [field.key.to_string(), short.clone(), short.replace('_', " ")] {
            if let Some(at) = text.find(&spelling) {
                let (before, after) = (&text[..at], text[at + spelling.len()..].trim_start_matches(['=', ' ']));
                let off = before.ends_with("no ") || ["off", "false", "disable"].iter().any(|no| after.starts_with(no));
                row.set(field.key, if off { "false" } else { "true" });
            }
        }
    }
    if text.contains("float16 logits") || text.contains("logits_dtype float16") || text.contains("logits_dtype=float16")
    {
        row.set("logits_dtype", "float16");
    }
    if text.contains("profiles") {
        row.set("multiple_profiles", "true");
    }
}
