//! A search over GPUs, ranks and precisions for deployments of the model that run a load.

use super::widgets;
use crate::chart::{Size, frontier};
use crate::deployment::{Backend, Deployment};
use crate::explore::Load;
use crate::explore::search::{Candidate, Order, Search, Space};
use crate::export::table::Table;
use crate::gpu::{Gpu, gpus};
use crate::link;
use crate::protocol::PanelRequest;
use crate::units::{Units, grouped};
use maud::{Markup, PreEscaped, html};
use std::cell::RefCell;
use std::rc::Rc;

/// The default number of requests at once.
const CONCURRENCY: u64 = 32;
/// The default GPUs of a search, besides the deployment's own.
const USUAL: [&str; 5] = ["h100-sxm", "h200", "b200", "a100-80gb", "l40s"];
/// The most rows shown. Sorting and filtering choose them from all candidates.
const MOST_ROWS: usize = 100;
/// The greatest width of the picture, and its height, in pixels.
const PICTURE: (u32, u32) = (720, 240);
const IDLE: &str = "Large dots: best for that many GPUs. Click to open.";

/// The candidates found, and the number of deployments tried.
type Found = Rc<(Vec<Candidate>, usize)>;

thread_local! {
    /// The last search, so that sorting and filtering do not repeat it.
    static LAST: RefCell<Option<(Asked, Found)>> = const { RefCell::new(None) };
}

/// The input of a search.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    base: Deployment,
    load: Load,
    space: Space,
}

impl Asked {
    fn of(request: &PanelRequest) -> Asked {
        let base = request.deployment.clone();
        let chosen: Vec<&'static Gpu> = gpus().iter().filter(|gpu| is_chosen(request, gpu)).collect();
        let mut space = Space::on(chosen, base.backend);
        space.quant_algos.retain(|algo| request.is_on(&format!("weights.{algo}"), true));
        space.kv_cache_dtypes.retain(|dtype| request.is_on(&format!("kv.{dtype}"), true));
        if let Some(most) = request.number("most_gpus") {
            space.most_gpus = most.max(1);
        }
        Asked { base, load: widgets::load(request, CONCURRENCY), space }
    }

    fn found(&self) -> Found {
        if let Some(found) = LAST.with_borrow(|last| {
            let (asked, found) = last.as_ref()?;
            (asked == self).then(|| found.clone())
        }) {
            return found;
        }
        let mut search = Search::new(&self.base, self.load, self.space.clone());
        search.step(usize::MAX);
        let tried = search.candidates();
        let found = Rc::new((search.into_found(), tried));
        LAST.set(Some((self.clone(), found.clone())));
        found
    }

    fn link(&self, candidate: &Candidate) -> String {
        link::encode(&candidate.deployment(&self.base, self.load))
    }
}

fn gpu_option(gpu: &Gpu) -> String {
    format!("gpu.{}", gpu.id)
}

fn is_chosen(request: &PanelRequest, gpu: &Gpu) -> bool {
    request.is_on(&gpu_option(gpu), USUAL.contains(&gpu.id) || gpu.id == request.deployment.gpu.id)
}

/// Returns the options, the frontier as a chart, and all candidates in a table.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let asked = Asked::of(request);
    let found = asked.found();
    let (candidates, tried) = &*found;
    let order = request.option("sort").and_then(Order::parse).unwrap_or(Order::Gpus);
    let words: Vec<String> =
        request.option("filter").unwrap_or_default().to_lowercase().split_whitespace().map(String::from).collect();
    let mut shown: Vec<Candidate> = candidates.iter().filter(|one| matches(one, &words)).cloned().collect();
    order.sort(&mut shown);
    html! {
        div.search {
            div.asks {
                (widgets::number(request, "concurrency", "requests at once", &CONCURRENCY.to_string()))
                (widgets::lengths(request))
                (widgets::number(request, "most_gpus", "GPUs at most", "64"))
            }
            (cards(request, &asked))
            (precisions(request, &asked))
            p.answer role="status" {
                strong { (grouped(candidates.len() as u64)) " of " (grouped(*tried as u64)) }
                " deployments run " (grouped(asked.load.concurrency)) " requests of "
                (grouped(asked.load.input_len)) " + " (grouped(asked.load.output_len)) " tokens."
            }
            @if !candidates.is_empty() {
                (picture(request, &asked, &shown))
                (table(request, &asked, order, &shown))
            }
        }
    }
}

/// The text that the filter matches, in lower case.
fn text(one: &Candidate) -> String {
    let experts = one.moe_ep_size.map_or_else(String::new, |size| format!(" ep{size}"));
    format!(
        "{} {} tp{} pp{}{experts} {} {}",
        one.gpu.id, one.gpu.name, one.tp_size, one.pp_size, one.quant_algo, one.kv_cache_dtype
    )
    .to_lowercase()
}

/// Whether a candidate's text contains every word. A word that starts with `-` must be absent.
fn matches(one: &Candidate, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = text(one);
    words.iter().all(|word| match word.strip_prefix('-') {
        Some(not) => not.is_empty() || !text.contains(not),
        None => text.contains(word.as_str()),
    })
}

/// A button that sets several checkboxes at once.
fn choose(label: &str, what: &str, options: impl Iterator<Item = (String, bool)>) -> Markup {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, on) in options {
        pairs.append_pair(&name, if on { "true" } else { "" });
    }
    html! { button.link type="button" data-ask=(pairs.finish()) aria-label={ (label) " " (what) } { (label) } }
}

fn checkbox(name: &str, label: &str, on: bool) -> Markup {
    html! { label { input type="checkbox" name=(name) id={ "search_" (name) } checked[on]; (label) } }
}

fn cards(request: &PanelRequest, asked: &Asked) -> Markup {
    let own = &request.deployment.gpu;
    let all = |on: fn(&Gpu, &Gpu) -> bool| gpus().iter().map(move |gpu| (gpu_option(gpu), on(gpu, own)));
    html! {
        details.gpu-choice data-part="gpus" open[request.unfolds("gpus")] {
            summary { span.part-label { "GPUs: " (asked.space.gpus.len()) " of " (gpus().len()) } }
            p.saves {
                (choose("All", "GPUs", all(|_, _| true)))
                (choose("Current GPU", "only", all(|gpu, own| gpu.id == own.id)))
                (choose("Data center", "GPUs", all(|gpu, _| USUAL.contains(&gpu.id))))
            }
            div.checks {
                @for gpu in gpus() { (checkbox(&gpu_option(gpu), gpu.name, is_chosen(request, gpu))) }
            }
        }
    }
}

fn precisions(request: &PanelRequest, asked: &Asked) -> Markup {
    let every = Space::on(Vec::new(), asked.base.backend);
    let (weights, caches) = (asked.space.quant_algos.len(), asked.space.kv_cache_dtypes.len());
    html! {
        details.gpu-choice data-part="precisions" open[request.unfolds("precisions")] {
            summary {
                span.part-label {
                    "Precisions: " (weights) " of " (every.quant_algos.len()) " for weights, "
                    (caches) " of " (every.kv_cache_dtypes.len()) " for the KV cache"
                }
            }
            div.checks role="group" aria-label="Precision of the weights" {
                @for algo in &every.quant_algos {
                    (checkbox(&format!("weights.{algo}"), algo.name(), asked.space.quant_algos.contains(algo)))
                }
            }
            div.checks role="group" aria-label="Type of the KV cache" {
                @for dtype in &every.kv_cache_dtypes {
                    @let is_on = asked.space.kv_cache_dtypes.contains(dtype);
                    (checkbox(&format!("kv.{dtype}"), &format!("KV {dtype}"), is_on))
                }
            }
        }
    }
}

fn picture(request: &PanelRequest, asked: &Asked, shown: &[Candidate]) -> Markup {
    let theme = widgets::theme(request);
    let width = request.view.width.unwrap_or(PICTURE.0).clamp(200, PICTURE.0);
    let drawn = frontier(shown, Size { width, height: PICTURE.1 }, theme);
    html! {
        figure.frontier {
            div.chart-frame #search_chart {
                div.chart-picture aria-hidden="true" { (PreEscaped(&drawn.svg)) }
                svg.chart-boxes role="group" aria-label="Concurrent requests over GPUs" data-roving
                    viewBox={ "0 0 " (width) " " (PICTURE.1) } width=(width) height=(PICTURE.1) {
                    @for (index, dot) in drawn.best.iter().enumerate() {
                        @let one = &shown[dot.candidate];
                        circle cx=(dot.x) cy=(dot.y) r="10" tabindex=(widgets::roving(index)) role="button"
                            data-open=(asked.link(one)) aria-label=(description(one)) data-tip=(description(one)) {}
                    }
                }
            }
            p.note data-tips=(IDLE) { (IDLE) }
        }
    }
}

fn description(one: &Candidate) -> String {
    let (gpus, requests) = (grouped(one.gpus), grouped(one.concurrency));
    format!(
        "{gpus} × {}, tp {}, pp {}, {} weights, KV {}: {requests} requests.",
        one.gpu.name, one.tp_size, one.pp_size, one.quant_algo, one.kv_cache_dtype
    )
}

fn table(request: &PanelRequest, asked: &Asked, order: Order, shown: &[Candidate]) -> Markup {
    let units = request.view.units;
    let experts = asked.base.model.moe.is_some();
    let engine = asked.base.backend == Backend::TensorRt;
    let direction = if order == Order::Gpus { "ascending" } else { "descending" };
    let heading = |name: &str, by: Option<Order>| {
        html! {
            th.number[by.is_some()] scope="col" aria-sort=[(by == Some(order)).then_some(direction)] {
                @match by {
                    Some(by) => {
                        button.link.sorted[by == order] type="button" data-ask={ "sort=" (by.name()) } { (name) }
                    },
                    None => (name),
                }
            }
        }
    };
    let rows = &shown[..shown.len().min(MOST_ROWS)];
    html! {
        div.asks {
            label.ask for="search_filter" {
                span { "filter" }
                input.control.words id="search_filter" name="filter" type="text" autocomplete="off"
                    placeholder="h200 fp8 -pp2" value=(request.option("filter").unwrap_or_default());
            }
            p.saves {
                span.faint { "Showing " (grouped(rows.len() as u64)) " of " (grouped(shown.len() as u64)) "." }
                button.link type="button" data-copy="search_csv" { "copy CSV" }
                button.link type="button" data-save="search.csv" data-from="search_csv" { "save CSV" }
            }
        }
        pre #search_csv hidden { (widgets::verbatim(&Table::of_candidates(rows).csv())) }
        div.wide role="region" aria-label="Deployments found" tabindex="0" {
            table.listing.cards aria-label="Deployments" {
                thead { tr {
                    th scope="col" { "GPU" }
                    (heading("GPUs", Some(Order::Gpus)))
                    th scope="col" { "tp × pp" @if experts { " × ep" } }
                    th scope="col" { "weights" }
                    th scope="col" { "KV cache" }
                    (heading("requests", Some(Order::Concurrency)))
                    (heading("per GPU", Some(Order::ConcurrencyPerGpu)))
                    (heading("KV tokens", Some(Order::KvTokens)))
                    (heading(&format!("{} used", units.giga()), Some(Order::Used)))
                    (heading("room", Some(Order::Room)))
                } }
                tbody { @for one in rows { (row(asked, one, units)) } }
            }
        }
        @if engine {
            p.note {
                "Click a GPU to open its deployment, with max_batch_size and max_seq_len set to the needs of "
                "these requests."
            }
        }
    }
}

fn row(asked: &Asked, one: &Candidate, units: Units) -> Markup {
    html! {
        tr {
            th scope="row" {
                button.link type="button" data-open=(asked.link(one)) aria-label={ "open " (description(one)) } {
                    (one.gpu.name)
                }
            }
            td.number data-label="GPUs" { (one.gpus) }
            td.bar data-label="tp × pp" {
                (one.tp_size) " × " (one.pp_size)
                @if let Some(ep) = one.moe_ep_size { " × " (ep) }
            }
            td.bar { (one.quant_algo) }
            td.bar data-label="KV cache" { (one.kv_cache_dtype) }
            td.number data-label="requests" { (grouped(one.concurrency)) }
            td.number data-label="per GPU" { (format!("{:.1}", one.per_gpu())) }
            td.number data-label="KV tokens" { (grouped(one.kv_tokens)) }
            td.number data-label={ (units.giga()) " used" } { (format!("{:.2}", one.used.giga(units))) }
            td.number data-label="room" {
                (format!("{:.2}", one.room.giga(units)))
                @if one.uncertain { span title="within the uncertainty" { " ?" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::answer;
    use crate::protocol::Request;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const QUESTION: &str = "panel=search&concurrency=16&input_len=1000&output_len=500";

    fn found(question: &str) -> Vec<Candidate> {
        match question.parse() {
            Ok(Request::Panel(request)) => Asked::of(&request).found().0.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_row_opens_a_deployment_that_runs_the_load() {
        let html = answer(QUESTION);
        let load = Load { concurrency: 16, input_len: 1000, output_len: 500 };
        let buttons = html.split("<button class=\"link\" type=\"button\" data-open=\"").skip(1);
        let links: Vec<String> =
            buttons.filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&"))).collect();
        assert_eq!(links.len(), MOST_ROWS);
        for text in links {
            let report = crate::memory::estimate(&link::decode(&text).deployment).unwrap();
            assert_eq!(load.held_by(&report), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_filter_keeps_what_has_every_word_and_none_that_is_ruled_out() {
        let all = found(QUESTION);
        let kept: Vec<&Candidate> =
            all.iter().filter(|one| matches(one, &["h200".into(), "fp8".into(), "-pp2".into()])).collect();
        assert!(!kept.is_empty() && kept.len() < all.len());
        assert!(kept.iter().all(|one| one.gpu.id.contains("h200") && one.pp_size != 2));
        let html = answer(&format!("{QUESTION}&filter=h200+fp8+-pp2"));
        assert!(html.contains(&format!("of {}.", grouped(kept.len() as u64))));
        let none = answer(&format!("{QUESTION}&filter=%3Cb%3E"));
        assert!(none.contains("Showing 0 of 0.") && none.contains("&lt;b&gt;") && !none.contains("<b>"));
    }

    #[test]
    fn the_cards_and_precisions_that_are_chosen_are_searched_alone() {
        let chosen =
            format!("{QUESTION}&gpu.h200=&gpu.b200=&gpu.a100-80gb=&gpu.l40s=&gpu.l4=true&weights.FP8=&kv.int8=");
        let all = found(&chosen);
        assert!(all.iter().any(|one| one.gpu.id == "l4"));
        assert!(all.iter().all(|one| ["h100-sxm", "l4"].contains(&one.gpu.id)));
        assert!(all.iter().all(|one| one.quant_algo.name() != "FP8" && one.kv_cache_dtype.name() != "int8"));
        let few = found(&format!("{QUESTION}&most_gpus=2"));
        assert!(!few.is_empty() && few.iter().all(|one| one.gpus <= 2));
    }

    #[test]
    fn headings_sort() {
        let html = answer(&format!("{QUESTION}&sort=kv-tokens"));
        let most = found(QUESTION).iter().map(|one| one.kv_tokens).max().unwrap();
        let first = html.split("<tbody>").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(first.contains(&grouped(most)));
        assert!(html.contains(
            "aria-sort=\"descending\"><button class=\"link sorted\" type=\"button\" data-ask=\"sort=kv-tokens\""
        ));
    }
}
