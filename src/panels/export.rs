//! Exports: pictures, tables, the report, and the commands that start the deployment.

use super::widgets;
use crate::chart::poster;
use crate::export::commands::{Recipe, Step, recipes};
use crate::export::json::Answer;
use crate::export::table::Table;
use crate::link;
use crate::memory::estimate;
use crate::protocol::PanelRequest;
use maud::{Markup, PreEscaped, html};

/// The width of the saved picture in pixels.
const PICTURE_WIDTH: u32 = 720;

/// Returns everything that can be saved or copied.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let deployment = &request.deployment;
    let Ok(report) = estimate(deployment) else {
        return html! {};
    };
    let (theme, units) = (widgets::theme(request), request.view.units);
    let answer =
        serde_json::to_string_pretty(&Answer::to(&link::encode(deployment)).in_units(units)).unwrap_or_default();
    html! {
        div.export {
            p.answer {
                "The memory of this deployment and the commands that start it. "
                a #embed_link href={ "embed.html#" (link::encode(deployment)) } target="_blank" rel="noopener" {
                    "Embed it in documentation"
                }
                "."
            }
            div #taken_chart hidden { (PreEscaped(poster(deployment, &report, PICTURE_WIDTH, theme, units))) }
            p.saves.chart-saves {
                span { "Chart" }
                (save("memory.svg", "taken_chart", "save SVG"))
                (save("memory.png", "taken_chart", "save PNG"))
            }
            (text(request, "markdown", "Table as Markdown", "memory.md", &Table::for_people(&report, units).markdown()))
            (text(request, "csv", "Table as CSV, in bytes", "memory.csv", &Table::of_report(&report).csv()))
            (text(request, "json", "Report as JSON", "memory.json", &answer))
            @for recipe in recipes(deployment).unwrap_or_default() { (ways(&recipe)) }
        }
    }
}

fn save(name: &str, from: &str, label: &str) -> Markup {
    html! { button.link type="button" data-save=(name) data-from=(from) { (label) } }
}

fn copy(id: &str, what: &str) -> Markup {
    html! { button.link type="button" data-copy=(id) aria-label={ "copy " (what) } { "copy" } }
}

/// A text that can be copied and saved even while it is folded.
fn text(request: &PanelRequest, key: &str, title: &str, file: &str, text: &str) -> Markup {
    let id = format!("taken_{key}");
    html! {
        div.folded {
            details data-part=(key) open[request.unfolds(key)] {
                summary { span.part-label { (title) } }
                pre id=(id) { (widgets::verbatim(text)) }
            }
            p.saves { (copy(&id, title)) (save(file, &id, "save")) }
        }
    }
}

/// One way to run the deployment.
fn ways(recipe: &Recipe) -> Markup {
    html! {
        section.recipe data-recipe=(recipe.key) {
            h3 { (recipe.title) }
            @for (index, step) in recipe.steps.iter().enumerate() {
                (way(&format!("{}_{index}", recipe.key.replace('.', "_")), step))
            }
            @for note in &recipe.notes { p.note { (note) } }
        }
    }
}

fn way(id: &str, step: &Step) -> Markup {
    html! {
        p.saves {
            span { (step.title) @if let Some(file) = step.file { ": " span.key { (file) } } }
            (copy(id, step.title))
            @if let Some(file) = step.file {
                (save(file.rsplit('/').next().unwrap_or(file), id, "save"))
            }
        }
        pre id=(id) { (step.text) }
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment, Parallelism};
    use crate::export::{commands::recipes, table::Table};
    use crate::memory::estimate;
    use crate::panels::answer;
    use crate::units::Units;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// A text as HTML escapes it.
    fn escaped(text: &str) -> String {
        crate::panels::widgets::verbatim(text).into_string()
    }

    #[test]
    fn everything_that_starts_the_deployment_stands_there_with_a_button() {
        let html = answer("panel=export&link=v%3D1%26tp_size%3D2%26max_batch_size%3D64");
        let deployment = Deployment {
            parallel: Parallelism { tp_size: 2, ..Parallelism::default() },
            limits: BuildLimits { max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::engine()
        };
        let recipes = recipes(&deployment).unwrap();
        for recipe in &recipes {
            for step in &recipe.steps {
                assert!(html.contains(&escaped(&step.text)), "{}", step.text);
            }
        }
        let steps: usize = recipes.iter().map(|recipe| recipe.steps.len()).sum();
        assert_eq!(html.matches("data-copy=").count(), steps + 3);
        assert!(html.contains("trtllm-build") && html.contains("trtllm-serve") && html.contains("LLM("));
    }

    #[test]
    fn the_page_that_builds_a_snippet_opens_with_the_deployment() {
        let html = answer("panel=export&link=tp_size%3D2%26m.hidden%3D%2522");
        assert!(html.contains("href=\"embed.html#v=2&amp;tp_size=2\""), "{html}");
    }

    #[test]
    fn tables_and_the_report_are_those_of_the_library() {
        let (html, report) = (answer("panel=export"), estimate(&Deployment::default()).unwrap());
        assert!(html.contains(&escaped(&Table::for_people(&report, Units::Binary).markdown())));
        assert!(html.contains(&escaped(&Table::of_report(&report).csv())));
        assert!(html.contains(&format!("&quot;free&quot;: {}", report.ranks[0].free.0)));
        let (_, chart) = html.split_once("<div id=\"taken_chart\" hidden><svg").unwrap();
        let (chart, _) = chart.split_once("</svg>").unwrap();
        for words in ["Weights", "KV cache", "Free", "79.18 GiB", "Llama-3.1-8B"] {
            assert!(chart.contains(words), "{words}");
        }
    }
}
