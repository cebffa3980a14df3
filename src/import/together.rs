//! Files that belong together: those of a checkpoint's folder, read as one model.

use super::foreign;
use super::hf_config;
use super::mistral_params;
use super::model_file::{self, ModelFile};
use super::quantization::Quantization;
use super::report::{Item, ReadError, ReadReport};
use super::safetensors::{self, Checkpoint};
use super::spanned_json::{self, Node};
use super::trtllm_config;
use crate::architecture::{Architecture, Block, ModelRef, Tensor, TensorKind};
use crate::deployment::{Deployment, setting};
use crate::memory::{Contributor, estimate_resolved};
use crate::units::{Bytes, Units, grouped, grouped_decimal};

/// A file by its name or path, and its bytes: of a safetensors file its header is enough.
pub type NamedBytes<'a> = (&'a str, &'a [u8]);

/// Whether a file with this name may say something about a model, so that it is worth reading
/// beside others.
///
/// ```
/// use trtllm_memory::import::together::is_wanted;
/// assert!(is_wanted("model-00001-of-00004.safetensors") && is_wanted("hf_quant_config.json"));
/// assert!(!is_wanted("tokenizer.json") && !is_wanted("README.md"));
/// ```
pub fn is_wanted(name: &str) -> bool {
    let names = ["config.json", "hf_quant_config.json", "params.json", "adapter_config.json"];
    names.contains(&name) || name.ends_with(".safetensors.index.json") || name.ends_with(".safetensors")
}

/// What one of several files is.
enum Part<'t, 'n> {
    /// A file of this kind.
    Known(Kind, &'n Node<'t>),
    /// A file without effect, with the reason.
    Other(String),
}

/// The kinds of files that describe a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Config,
    Params,
    Quantization,
    Engine,
    Index,
    Adapter,
    Header,
}

/// Reads several files of one model together. `hf_quant_config.json` takes precedence over the
/// quantization in `config.json`, and the index and the headers of safetensors files must be those
/// of the same model.
///
/// # Errors
/// If a file can't be read, or if two files contradict each other; the message names them.
///
/// ```
/// use trtllm_memory::import::together;
/// use trtllm_memory::quantization::QuantAlgo;
/// let config = br#"{"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
///     "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
///     "vocab_size": 128256, "max_position_embeddings": 131072, "torch_dtype": "bfloat16"}"#;
/// let types = br#"{"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}"#;
/// let files: [(&str, &[u8]); 2] = [("hf_quant_config.json", types), ("config.json", config)];
/// let read = together::read(&files).unwrap();
/// assert_eq!(read.model().unwrap().checkpoint.precisions.main(), QuantAlgo::Fp8);
/// ```
pub fn read(files: &[NamedBytes]) -> Result<ModelFile, ReadError> {
    if let [(name, bytes)] = files {
        return model_file::read(bytes, name);
    }
    let at = |name: &str, error: ReadError| ReadError { message: format!("{name}: {}", error.message), ..error };
    let mut roots: Vec<(&str, Result<Node, &'static str>)> = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let root = match (safetensors::header_text(bytes), foreign::binary(bytes)) {
            (Some(text), _) => Ok(text.and_then(spanned_json::parse).map_err(|error| at(name, error))?),
            (None, Some(message)) => Err(message),
            (None, None) => {
                let text = std::str::from_utf8(bytes).map_err(|_| at(name, ReadError::whole("It is not text.")))?;
                Ok(spanned_json::parse(text).map_err(|error| at(name, error))?)
            }
        };
        roots.push((name, root));
    }
    let parts: Vec<(&str, Part)> = roots
        .iter()
        .zip(files)
        .map(|((name, root), (_, bytes))| {
            let part = match root {
                Ok(root) if safetensors::header_len(bytes).is_some() => Part::Known(Kind::Header, root),
                Ok(root) => part(root),
                Err(message) => Part::Other((*message).into()),
            };
            (*name, part)
        })
        .collect();
    Parts(parts).read()
}

fn part<'t, 'n>(root: &'n Node<'t>) -> Part<'t, 'n> {
    let has = |name: &str| root.get(name).is_some();
    let kind = if has("weight_map") {
        Kind::Index
    } else if trtllm_config::is_trtllm_config(root) {
        Kind::Engine
    } else if mistral_params::is_params(root) {
        Kind::Params
    } else if has("peft_type") {
        Kind::Adapter
    } else if let Some(message) = foreign::file(root) {
        return Part::Other(message.into());
    } else if has("quantization") && !has("hidden_size") {
        Kind::Quantization
    } else {
        Kind::Config
    };
    Part::Known(kind, root)
}

struct Parts<'t, 'n>(Vec<(&'n str, Part<'t, 'n>)>);

impl<'t, 'n> Parts<'t, 'n> {
    /// The files of one kind, with their names.
    fn all(&self, wanted: Kind) -> impl Iterator<Item = (&'n str, &'n Node<'t>)> {
        self.0.iter().filter_map(move |(name, part)| match part {
            Part::Known(kind, root) if *kind == wanted => Some((*name, *root)),
            _ => None,
        })
    }

    /// The only file of a kind.
    fn one(&self, wanted: Kind) -> Result<Option<(&'n str, &'n Node<'t>)>, ReadError> {
        let mut found: Vec<(&str, &Node)> = self.all(wanted).collect();
        found.dedup_by(|(_, one), (_, other)| one.value == other.value);
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [(first, _), (second, _), ..] => Err(ReadError::whole(format!(
                "{first} and {second} differ, but both are files of that kind. Give the files of one model."
            ))),
        }
    }

    fn read(&self) -> Result<ModelFile, ReadError> {
        let hint = self.0.iter().map(|(name, _)| *name).collect::<Vec<&str>>().join(" ");
        if let Some((_, root)) = self.one(Kind::Engine)? {
            return trtllm_config::from_node(root, &hint).map(ModelFile::TrtLlm);
        }
        let config = self.one(Kind::Config)?;
        let params = self.one(Kind::Params)?;
        let types = self.one(Kind::Quantization)?;
        let index = self.one(Kind::Index)?;
        let stated: Option<(Quantization, ReadReport)> =
            types.map(|(_, root)| hf_config::quantization_of(root)).transpose()?;
        let quantization = stated.as_ref().map(|(quantization, _)| quantization);
        let translated = params.map(|(name, root)| Ok((name, mistral_params::translated(root)?))).transpose()?;
        let described = config.or(translated.as_ref().map(|(name, root)| (*name, root)));
        // The names of shards say that others are missing; with all of them the model is whole.
        let (shards, headers): (Vec<&str>, Vec<&Node>) = self.all(Kind::Header).unzip();
        let tensors = match (&headers[..], index) {
            ([], Some((name, root))) => Some((name, safetensors::from_index(root)?)),
            ([], None) => None,
            _ => Some((shards[0], safetensors::from_headers(&headers, &shards, &hint)?)),
        };
        let configured = described.map(|(name, root)| Ok((name, hf_config::from_node(root, &hint, quantization)?)));
        let mut file = match (configured.transpose()?, tensors, stated) {
            (Some((name, mut config)), tensors, _) => {
                if let Some((other, tensors)) = &tensors {
                    agree(name, &config.model, other, tensors)?;
                    compare(&config.model, other, tensors, &mut config.report);
                }
                ModelFile::Config(config)
            }
            (None, Some((_, tensors)), None) => ModelFile::Tensors(tensors),
            // The types of a checkpoint precede what its tensors' names show.
            (None, Some((_, tensors)), Some((quantization, report))) => match tensors.model {
                Ok(_) => ModelFile::Tensors(tensors),
                Err(_) => ModelFile::Quantization(quantization, report),
            },
            (None, None, Some((quantization, report))) => ModelFile::Quantization(quantization, report),
            (None, None, None) => return Err(self.nothing()),
        };
        file.report_mut().ignored.extend(self.ignored());
        Ok(file)
    }

    /// The error for files without a model.
    fn nothing(&self) -> ReadError {
        let reasons = self.0.iter().map(|(name, part)| match part {
            Part::Other(message) => format!("{name}: {message}"),
            Part::Known(Kind::Adapter, _) => format!("{name} describes a LoRA adapter."),
            _ => format!("{name} has no model."),
        });
        ReadError::whole(format!("None of these files describes a model. {}", reasons.collect::<Vec<_>>().join(" ")))
    }

    /// The files without effect.
    fn ignored(&self) -> Vec<Item> {
        let items = self.0.iter().filter_map(|(name, part)| {
            let note = match part {
                Part::Other(message) => message.clone(),
                Part::Known(Kind::Adapter, root) => {
                    let rank = root.get("r").and_then(Node::whole).map_or("the rank".into(), grouped);
                    format!("a LoRA adapter: set max_lora_rank to {rank}, and lora_target_modules")
                }
                _ => return None,
            };
            Some(Item { field: spanned_json::shorten(name), line: None, value: String::new(), note })
        });
        items.collect()
    }
}

/// Compares tensors without a model with the one that is given beside them. Returns what differs.
///
/// # Errors
/// If they are those of another model.
pub(super) fn compared(kind: &str, model: &ModelRef, tensors: &Checkpoint) -> Result<ReadReport, ReadError> {
    let mut report = ReadReport::default();
    agree(&model.name, model, kind, tensors)?;
    compare(model, kind, tensors, &mut report);
    Ok(report)
}

/// Checks that tensors may be those of a model.
fn agree(config_name: &str, model: &Architecture, tensors_name: &str, tensors: &Checkpoint) -> Result<(), ReadError> {
    let contradiction = |theirs: String, ours: String| {
        Err(ReadError::whole(format!(
            "{config_name} describes {theirs}, but {tensors_name} has {ours}. Give the files of one model."
        )))
    };
    if let Some(layers) = tensors.layers.filter(|_| model.encoder.is_none()) {
        // Layers of multi-token prediction follow the last one.
        let most = model.layers + model.mtp_layers.max(1);
        if layers > most || layers < model.layers && tensors.is_complete {
            return contradiction(format!("{} layers", model.layers), format!("tensors of {layers}"));
        }
    }
    // The rows may be padded.
    let differs =
        |[rows, columns]: &[u64; 2]| *columns != model.hidden || rows.abs_diff(model.vocab) > model.vocab / 20;
    match tensors.embedding.filter(differs) {
        Some([rows, columns]) => contradiction(
            format!("an embedding of {} × {}", model.vocab, model.hidden),
            format!("one of {rows} × {columns}"),
        ),
        None => Ok(()),
    }
}

/// The share by which the bytes of files and of an estimate may differ without a word: scales,
/// padding, and tensors that are computed.
const CLOSE: f64 = 0.02;

/// Reports the bytes of the files' tensors beside the estimate, and blocks of other sizes.
fn compare(model: &ModelRef, name: &str, tensors: &Checkpoint, report: &mut ReadReport) {
    if !tensors.is_complete || tensors.bytes == Bytes(0) {
        return;
    }
    let field = spanned_json::shorten(name);
    let item = |value: String, note: String| Item { field: field.clone(), line: None, value, note };
    for (block, label) in BLOCKS {
        let theirs = tensors
            .blocks
            .iter()
            .filter(|(known, _)| *known == block)
            .map(|(_, sum)| *sum)
            .fold(0, u64::saturating_add);
        let ours = elements(model, block);
        if theirs.abs_diff(ours) as f64 > CLOSE * ours.max(theirs) as f64 && !tensors.blocks.is_empty() {
            let count = |elements: u64| format!("{} M", grouped_decimal(elements as f64 / 1e6, 1));
            let note = format!("the file's tensors; the model that the configuration describes has {}", count(ours));
            report.assumed.push(item(format!("{label}: {} values", count(theirs)), note));
        }
    }
    let Some(estimated) = weights(model) else { return };
    let uncounted =
        tensors.parts.iter().filter(|part| ["vision and audio", "multi-token prediction"].contains(&&*part.name));
    let uncounted = uncounted.fold(Bytes(0), |sum, part| Bytes(sum.0.saturating_add(part.bytes.0)));
    let counted = Bytes(tensors.bytes.0.saturating_sub(uncounted.0));
    let difference = counted.0 as f64 / estimated.0.max(1) as f64 - 1.0;
    let size = |bytes: Bytes| bytes.display(Units::Decimal).to_string();
    let percent = grouped_decimal(difference.abs() * 100.0, 1);
    let mut note = format!(
        "bytes of the files' tensors; the weights are estimated at {}, {percent} % {}",
        size(estimated),
        if difference < 0.0 { "more" } else { "less" }
    );
    if uncounted.0 > 0 {
        note += &format!("; without {} of vision, audio and multi-token prediction", size(uncounted));
    } else if difference > CLOSE && tensors.is_index() {
        note += "; an index does not say how much of it are vision, audio and multi-token prediction";
    }
    let item = item(size(counted), note);
    if difference.abs() > CLOSE { report.assumed.push(item) } else { report.read.push(item) }
}

/// Blocks whose sizes are compared, as messages name them.
const BLOCKS: [(Block, &str); 6] = [
    (Block::AttentionInputs, "attention's inputs"),
    (Block::AttentionOutput, "attention's output"),
    (Block::Mlp, "feed-forward block"),
    (Block::SharedExperts, "shared experts"),
    (Block::Experts, "experts"),
    (Block::Recurrence, "recurrent layers"),
];

/// The elements of a block's linear layers in all layers.
fn elements(model: &ModelRef, block: Block) -> u64 {
    let linear = [TensorKind::Linear, TensorKind::ExpertLinear, TensorKind::LatentProjection];
    let groups = model.shared_tensors().groups.iter().map(|group| {
        let tensors = group.tensors.iter().filter(|tensor| tensor.block == block && linear.contains(&tensor.kind));
        tensors.map(Tensor::elements).fold(0, u64::saturating_add).saturating_mul(u64::from(group.layers.len()))
    });
    groups.fold(0, u64::saturating_add)
}

/// The bytes of a language model's weights on one rank that supports every precision; `None` if the
/// backend does not load them.
fn weights(model: &ModelRef) -> Option<Bytes> {
    let mut deployment = Deployment { model: model.clone(), ..Deployment::default() };
    setting("gpu")?.read(&mut deployment, "b200").ok()?;
    let resolved = deployment.resolve().ok()?;
    let towers = resolved.tower() * resolved.precision.dtype.bytes();
    let report = estimate_resolved(&resolved);
    report.ranks.first().map(|rank| Bytes(rank.figure(Contributor::Weights).bytes.0.saturating_sub(towers)))
}
