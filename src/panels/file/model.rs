//! A model's file or an engine's: the values read, assumed and ignored, and the ways to use it.

use super::pairs;
use crate::architecture::{Attention, ModelRef};
use crate::deployment::{Backend, Deployment, Group, SETTINGS, Setting, setting};
use crate::import::model_file::ModelFile;
use crate::import::report::Item;
use crate::panels::field_link;
use crate::protocol::PanelRequest;
use crate::units::{Units, grouped, grouped_decimal};
use maud::{Markup, html};

/// The most rows of a table.
const MOST_ROWS: usize = 200;

type Pairs = Vec<(&'static str, String)>;

/// Returns the section about a file.
pub(super) fn section(file: &ModelFile, name: &str, request: &PanelRequest) -> Markup {
    let mut deployment = Deployment::default();
    file.apply(&mut deployment);
    let (report, has_model) = (file.report(), file.model().is_some());
    let all = pairs(all_pairs(file, &deployment));
    let model = pairs(model_pairs(&deployment.model));
    html! {
        p.lead { strong { (name) } " is " (file.kind()) "." }
        @if has_model {
            p.note { (dimensions(&deployment.model)) }
        }
        @if let ModelFile::Tensors(checkpoint) = file {
            @if let Err(why) = &checkpoint.model {
                p.problem { (why) " Paste the config.json next to it, or choose the model." }
            }
            @if let Some(formats) = checkpoint.undescribed() {
                p.problem {
                    "Its linear layers are in " (formats) ", which no quant_algo describes. Choose the nearest one."
                }
            }
        }
        @if matches!(file, ModelFile::Quantization(stated, _) if !stated.is_uniform()) {
            p.problem {
                "Its modules are stored differently, which no quant_algo describes. Give it together with the \
                 config.json beside it."
            }
        }
        (tensors(file, request.view.units))
        div.actions {
            @match file {
                ModelFile::TrtLlm(config) => {
                    @let keys = file.locked().join(" ");
                    button.button.accent type="button" data-take=(all) data-lock=[config.is_engine.then_some(keys)] {
                        @if config.is_engine { "Use it with its build settings" } @else { "Use it with its settings" }
                    }
                    button.button type="button" data-take=(model) { "Use only the model" }
                }
                ModelFile::Quantization(stated, _) if !stated.is_uniform() => {}
                ModelFile::Quantization(..) => button.button.accent type="button" data-take=(all) { "Use these types" },
                _ if has_model => button.button.accent type="button" data-take=(all) { "Use this model" },
                ModelFile::Tensors(checkpoint) if checkpoint.says_quantization() => {
                    button.button.accent type="button" data-take=(all) { "Use its quantization" }
                }
                _ => {}
            }
        }
        (locked(file, &deployment))
        (items("Assumed", "Values that the file does not contain", &report.assumed))
        (items("Read", "Values from the file", &report.read))
        @if !report.ignored.is_empty() {
            details.more data-part="ignored" open[request.unfolds("ignored")] {
                summary { span.part-label { "Ignored: " (grouped(report.ignored.len() as u64)) } }
                @if request.unfolds("ignored") { (items("", "Values without effect", &report.ignored)) }
            }
        }
    }
}

/// The dimensions that determine memory, in a line.
fn dimensions(model: &ModelRef) -> String {
    let own = if model.is_custom() { "No model of the catalogue has these dimensions" } else { &model.name };
    let kv_heads = match model.attention {
        Attention::Latent { .. } => "latent KV".to_string(),
        Attention::Grouped { kv_heads, .. } => format!("{kv_heads} KV heads"),
    };
    format!(
        "{own}: {} B parameters · {} layers · hidden {} · {} heads, {kv_heads} · vocabulary {}",
        grouped_decimal(model.parameters() as f64 / 1e9, 2),
        model.layers,
        grouped(model.hidden),
        model.attention.heads(),
        grouped(model.vocab),
    )
}

/// A model as settings. They replace every dimension of the current model.
fn model_pairs(model: &ModelRef) -> Pairs {
    let default = Deployment::default();
    let first = setting("model").map(|setting| (setting.key, setting.write(&default)));
    let with = Deployment { model: model.clone(), ..default };
    let said = with.changed().filter(|(setting, _)| matches!(setting.group, Group::Model | Group::Dimensions));
    first.into_iter().chain(said.map(|(setting, text)| (setting.key, text))).collect()
}

/// All of the file's values, as settings.
fn all_pairs(file: &ModelFile, deployment: &Deployment) -> Pairs {
    let types = ["quant_algo", "kv_cache_dtype"].into_iter().filter_map(|key| Some((key, written(key, deployment)?)));
    let mut pairs = if file.model().is_some() { model_pairs(&deployment.model) } else { Vec::new() };
    match file {
        ModelFile::Config(_) | ModelFile::Quantization(..) => pairs.extend(types),
        ModelFile::Tensors(_) => pairs.extend(types.take(1)),
        ModelFile::TrtLlm(config) => {
            let flow = Deployment { backend: Backend::TensorRt, ..Deployment::default() };
            pairs.extend(setting("backend").map(|setting| (setting.key, setting.write(&flow))));
            pairs.extend(built(file).map(|setting| (setting.key, setting.write(deployment))));
            pairs.extend(config.settings.iter().cloned());
        }
    }
    pairs
}

fn written(key: &str, deployment: &Deployment) -> Option<String> {
    setting(key).map(|setting| setting.write(deployment))
}

/// The settings that a built engine fixes, without its model.
fn built(file: &ModelFile) -> impl Iterator<Item = &'static Setting> {
    let keys = file.locked();
    SETTINGS.iter().filter(move |setting| {
        keys.contains(&setting.key)
            && setting.flows.has(Backend::TensorRt)
            && !matches!(setting.group, Group::Model | Group::Dimensions)
    })
}

fn locked(file: &ModelFile, deployment: &Deployment) -> Markup {
    let shown: Vec<(&'static str, String)> = built(file)
        .filter(|setting| setting.counts(deployment))
        .map(|setting| (setting.key, setting.write(deployment)))
        .collect();
    html! {
        @if !shown.is_empty() {
            h3 { "Fixed in the engine" }
            p.note { "To change one of these, build the engine again." }
            ul.settings {
                @for (key, value) in &shown {
                    li { (field_link(key)) " " span { @if value.is_empty() { "auto" } @else { (value) } } }
                }
            }
        }
    }
}

/// The tensors of a checkpoint, by part and by number format.
fn tensors(file: &ModelFile, units: Units) -> Markup {
    let ModelFile::Tensors(checkpoint) = file else { return html! {} };
    let tables = [("part", &checkpoint.parts), ("format", &checkpoint.formats)];
    html! {
        p.note { (grouped(checkpoint.tensors)) " tensors, " (checkpoint.bytes.display(units)) }
        @for (name, shares) in tables.into_iter().filter(|(_, shares)| !shares.is_empty()) {
            table.items aria-label={ "Tensors by " (name) } {
                thead {
                    tr {
                        th scope="col" { (name) }
                        @for count in ["tensors", "bytes"] { th.number scope="col" { (count) } }
                    }
                }
                tbody {
                    @for share in shares.iter().take(MOST_ROWS) {
                        tr {
                            th scope="row" { (share.name) }
                            td.number { (grouped(share.tensors)) }
                            td.number { (share.bytes.display(units)) }
                        }
                    }
                }
            }
        }
    }
}

fn items(title: &str, meaning: &str, items: &[Item]) -> Markup {
    html! {
        @if !items.is_empty() {
            @if !title.is_empty() { h3 { (title) } }
            table.items aria-label=(meaning) {
                thead.visually-hidden {
                    tr { @for name in ["field", "value", "note"] { th scope="col" { (name) } } }
                }
                tbody {
                    @for item in items.iter().take(MOST_ROWS) {
                        tr {
                            th.key scope="row" { (item.field) }
                            td { (item.value) }
                            td.faint {
                                (item.note)
                                @if let Some(line) = item.line { span.line-number { " line " (line) } }
                            }
                        }
                    }
                }
            }
            @if items.len() > MOST_ROWS {
                p.note { "and " (grouped((items.len() - MOST_ROWS) as u64)) " more" }
            }
        }
    }
}
