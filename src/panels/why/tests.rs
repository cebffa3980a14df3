use crate::panels::answer;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A request about a deployment.
fn asked(contributor: &str, link: &str, more: &str) -> String {
    let link: String = form_urlencoded::byte_serialize(format!("v=1&{link}").as_bytes()).collect();
    answer(&format!("panel=why&contributor={contributor}&link={link}{more}"))
}

/// The text between `before` and the next `after`.
fn between<'a>(html: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = html.split_once(before).unwrap_or_else(|| panic!("no {before} in {html}"));
    rest.split_once(after).unwrap().0
}

/// The names of the rows of a table, in their order.
fn names(html: &str) -> Vec<String> {
    let summaries = between(html, "<tbody", "</tbody>").split("<summary>").skip(1);
    let name = |summary: &str| summary.split_once("</summary>").unwrap().0.replace("<wbr>", "");
    summaries
        .map(|summary| name(summary).rsplit_once("</span>").map_or_else(String::new, |(name, _)| name.into()))
        .collect()
}

const PAIR: &str = "model=meta-llama/Llama-2-7b-hf&tp_size=2&max_batch_size=64&trtllm_version=0.13";

#[test]
fn the_switch_marks_the_contributor_and_shows_all_sizes() {
    let html = asked("activations", PAIR, "");
    assert_eq!(html.matches("data-why=").count(), 6);
    assert!(html.contains("data-why=\"activations\" aria-pressed=\"true\""));
    assert!(html.contains("data-why=\"weights\" aria-pressed=\"false\""));
    assert!(!html.contains("style="), "the page's policy forbids styles in elements");
}

/// Llama 2 7B has projections of 4096 × 12,288 for queries, keys and values in each of 32 layers.
/// Two ranks have half of the outputs each, in two bytes.
#[test]
fn a_tensor_has_its_shape_count_bytes_and_share() {
    let html = asked("weights", PAIR, "");
    let row = between(&html, "attention.<wbr>qkv.<wbr>weight", "</tr>");
    for cell in ["4,096 × 6,144", "float16", "32 layers", "1.50 GiB", "1 of 2"] {
        assert!(row.contains(cell), "{cell}: {row}");
    }
    assert!(between(&html, "vocab_embedding.<wbr>weight", "</tr>").contains("whole copy"));
    // One GPU has nothing to share.
    assert!(!asked("weights", "model=meta-llama/Llama-2-7b-hf", "").contains("whole copy"));
}

#[test]
fn an_unfolded_row_has_its_formula_and_its_variables() {
    let path = "weights/attention.qkv.weight 4096x6144";
    let html = asked("weights", PAIR, &format!("&open={path}"));
    assert!(html.contains(&format!("<details data-part=\"{path}\" open>")), "{html}");
    let well = between(&html, "class=\"opened\"", "</table>");
    assert!(well.contains("role=\"math\"") && well.contains("<mi>K</mi>"));
    // 4096 · 6144 · 2 · 32.
    assert!(well.contains("1,610,612,736 B"));
    let outputs = between(well, "6,144</dd>", "</dd>");
    assert!(outputs.contains("of 12,288 outputs") && outputs.contains("data-field=\"tp_size\""), "{outputs}");
    assert!(!asked("weights", PAIR, "").contains("role=\"math\""));
}

#[test]
fn headings_sort_the_rows() {
    let by = |order: &str| asked("weights", PAIR, &format!("&sort={order}"));
    let html = by("bytes");
    assert!(
        html.contains("aria-sort=\"descending\"><button class=\"link sorted\" type=\"button\" data-ask=\"sort=bytes\"")
    );
    assert_eq!(asked("weights", PAIR, ""), html, "the largest come first unless another order is chosen");
    let by_name = names(&by("name"));
    let shown = &by_name[..by_name.len() - 1];
    assert!(shown.is_sorted() && shown.len() > 5, "{by_name:?}");
    assert_eq!(names(&by("ranks"))[0].rsplit('>').next().unwrap(), "vocab_embedding.weight");
}

/// Final norm, two norms of 4096 values in each of 32 layers, and a RoPE table of 2 MiB.
#[test]
fn small_rows_are_folded() {
    let (folded, open) = (asked("weights", PAIR, ""), asked("weights", PAIR, "&open=weights/more"));
    assert!(folded.contains("4 more kinds, each under 3 MiB"), "{folded}");
    assert!(!folded.contains("ln_f") && open.contains("ln_f.<wbr>weight"));
}

#[test]
fn a_contributor_of_nothing_lists_no_rows() {
    let html = asked("decoder_buffers", "model=meta-llama/Llama-2-7b-hf&pp_size=2&trtllm_version=0.13", "&rank=0");
    assert!(html.contains("Decoder buffers: 0 B on GPU 0"), "{html}");
}

/// The rows are the whole figure, on either backend, with experts, latent attention, stages,
/// drafts and encoders.
#[test]
fn the_rows_add_up_to_the_figure() {
    let links = crate::deployment::presets::presets().iter().map(|preset| preset.link.to_string());
    let more = [
        "model=deepseek-ai/DeepSeek-V3&gpu=h200&tp_size=8&backend=pytorch&enable_attention_dp=true&moe_ep_size=8\
         &moe_load_balancer_slots=288",
        "model=meta-llama/Llama-2-70b-hf&tp_size=4&pp_size=2&speculative_decoding_mode=medusa&max_draft_len=63\
         &num_medusa_heads=4",
        "model=google/flan-t5-xl&context_fmha=false",
        "model=openai/gpt-oss-120b&quant_algo=W4A16_MXFP4&backend=pytorch",
    ];
    for link in links.chain(more.map(String::from)) {
        for contributor in ["weights", "activations", "runtime_buffers", "decoder_buffers", "overhead"] {
            let html = asked(contributor, &link, "");
            let headline = between(&html, "<h3>", "</h3>");
            let Some((_, foot)) = html.split_once("<tfoot") else {
                panic!("{link}: no table of {contributor}: {headline}")
            };
            let total = between(foot, "<td class=\"bytes\" role=\"cell\">", "</td>");
            assert!(headline.contains(&format!(": {total}")), "{link}: {total} in {headline}");
        }
    }
}

/// Neither forty tensors nor their names: a token for each contributor.
#[test]
fn the_kv_cache_is_an_equation_of_totals() {
    let html = asked("kv_cache", PAIR, "");
    let equation = between(&html, "class=\"eq\"", "eq-note").to_string();
    for part in ["data-field=\"free_gpu_memory_fraction\"", "<small>capacity</small>79.18", " blocks of 64 tokens"] {
        assert!(equation.contains(part), "{part}: {equation}");
    }
    assert_eq!(equation.matches("data-why=").count(), 5);
    assert!(html.len() < 12_000, "{} bytes", html.len());
    let capped = asked("kv_cache", "max_batch_size=64&max_tokens=64000&trtllm_version=0.20", "");
    assert!(capped.contains("the smaller of") && capped.contains("64,000"));
}

/// The words of the GPUs with equal figures.
#[test]
fn the_headline_names_the_gpus() {
    assert!(asked("weights", PAIR, "").contains("Weights: 6.40 GiB on each GPU"));
    assert!(!between(&asked("weights", "", ""), "<h3>", "</h3>").contains("GPU"));
    let stages = asked("weights", "model=meta-llama/Llama-2-7b-hf&pp_size=2", "&rank=1");
    assert!(stages.contains("on GPU 1"), "{stages}");
}

#[test]
fn an_impossible_deployment_is_left_empty() {
    assert_eq!(asked("weights", "tp_size=3", ""), "");
}
