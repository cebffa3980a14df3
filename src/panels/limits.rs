//! The range of each setting with all others unchanged, and the number of requests at once.

use super::widgets;
use crate::deployment::{Deployment, Input};
use crate::explore::range::{Bound, FeasibleRange, LimitReason};
use crate::explore::solve::solve;
use crate::explore::{Load, NumericSetting};
use crate::memory::{Stage, estimate};
use crate::protocol::PanelRequest;
use crate::units::{grouped, shortest};
use maud::{Markup, html};

/// Returns the number of requests at once, and the range of each numeric setting.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    // Without a number of requests, the limits only ask whether the deployment fits.
    let load = request.number("concurrency").map(|_| widgets::load(request, 1));
    html! {
        div.limits {
            div.asks {
                (widgets::number(request, "concurrency", "requests at once", "any"))
                (widgets::lengths(request))
            }
            (concurrency(request))
            (tables(request, load))
        }
    }
}

/// The number of requests at once of these lengths, and the limit that binds.
fn concurrency(request: &PanelRequest) -> Markup {
    let Ok(report) = estimate(&request.deployment) else {
        return html! {};
    };
    let asked = widgets::load(request, 1);
    let (input, output) = (grouped(asked.input_len), grouped(asked.output_len));
    if !report.verdict.fits() {
        return html! { p.answer { strong { "No request runs" } ", because the deployment does not fit." } };
    }
    let found = report.kv_cache.concurrency(asked.input_len, asked.output_len);
    let held = report.kv_cache.held(asked.input_len, asked.output_len);
    html! {
        p.answer {
            strong {
                (grouped(found.requests))
                @if found.requests == 1 { " request runs" } @else { " requests run" }
                " at once"
            }
            ", each of " (input) " input and " (output) " output tokens. Limited by "
            span data-binding=(found.limit.key()) { (found.limit.text()) } "."
            @if held != found.requests { " The KV cache alone has room for " (grouped(held)) "." }
        }
    }
}

/// A setting with its range, or the reason why it has none.
struct Row {
    setting: NumericSetting,
    range: Result<FeasibleRange, String>,
    /// Whether its value 0, which means no limit, is set.
    is_unlimited: bool,
}

impl Row {
    fn of(deployment: &Deployment, setting: NumericSetting, load: Option<Load>) -> Row {
        let key = setting.row.key;
        let solved = |deployment: &Deployment| solve(deployment, key, load).map_err(|problem| problem.message);
        let range = solved(deployment);
        let is_unlimited = range.as_ref().is_ok_and(|range| setting.is_unlimited(range.today.as_deref()));
        // Beside "no limit" it has a range of numbers, which is that around the largest of them.
        let limited = setting.set(deployment, setting.bounds().1).ok().filter(|_| is_unlimited);
        let range = limited.map_or(range, |limited| solved(&limited));
        Row { setting, range, is_unlimited }
    }

    /// Whether some value does not fit.
    fn is_bounded(&self) -> bool {
        self.range.as_ref().is_ok_and(|range| {
            range.never.is_some() || [&range.smallest, &range.largest].into_iter().flatten().any(is_limit)
        })
    }

    fn text(&self, value: &str) -> String {
        match self.setting.row.input {
            Input::Fraction => match value.parse::<f64>() {
                Ok(share) => format!("{} %", shortest((share * 1000.0).round() / 10.0)),
                Err(_) => value.to_string(),
            },
            _ => value.parse::<u64>().map_or_else(|_| value.to_string(), grouped),
        }
    }

    fn markup(&self) -> Markup {
        let key = self.setting.row.key;
        html! {
            tr {
                th scope="row" { (widgets::named_field(key)) }
                td.key { (key) }
                @match &self.range {
                    Ok(range) => (self.cells(range)),
                    Err(message) => td.beyond colspan="4" { (message) "." },
                }
            }
        }
    }

    fn cells(&self, range: &FeasibleRange) -> Markup {
        let current = match &range.today {
            _ if self.is_unlimited => "no limit".to_string(),
            Some(today) => self.text(today),
            None => "not set".to_string(),
        };
        html! {
            td.number data-label="current" { (current) }
            @match (&range.smallest, &range.largest) {
                (Some(smallest), Some(largest)) => {
                    td.number data-label="fits from" { (self.end(range, smallest)) }
                    td.number data-label="to" { (self.end(range, largest)) }
                },
                _ => td.number colspan="2" { "none fits" },
            }
            td.beyond { (beyond(range)) }
        }
    }

    /// An end of the range. If a value beyond it fails, a button applies the end.
    fn end(&self, range: &FeasibleRange, bound: &Bound) -> Markup {
        let text = self.text(&bound.text);
        // The largest value that a link may have says nothing.
        let is_largest = bound.next.is_none() && bound.text == self.setting.text(self.setting.bounds().1);
        let is_open = is_largest && matches!(self.setting.row.input, Input::Whole { .. } | Input::Gib);
        let is_new = self.is_unlimited || range.today.as_ref() != Some(&bound.text);
        html! {
            @if is_open { span.faint { "any" } }
            @else if !is_limit(bound) { (text) }
            @else if is_new { strong data-limit=(bound.text) { (widgets::take(range.key, &bound.text, &text, &text)) } }
            @else { strong data-limit=(bound.text) { (text) } }
        }
    }
}

/// Whether the value beyond an end is possible but does not fit.
fn is_limit(bound: &Bound) -> bool {
    matches!(bound.next, Some((_, LimitReason::Memory(_) | LimitReason::Load(_))))
}

/// The reasons why the values beyond a range fail.
fn beyond(range: &FeasibleRange) -> String {
    if let Some(reason) = &range.never {
        return short(reason);
    }
    let side = |bound: &Option<Bound>, side: &str| {
        let (_, reason) = bound.as_ref()?.next.as_ref()?;
        Some(format!("{side} this, {}", short(reason)))
    };
    let sides: Vec<String> =
        [side(&range.smallest, "below"), side(&range.largest, "above")].into_iter().flatten().collect();
    if sides.is_empty() { "any value fits".into() } else { sides.join("; ") }
}

/// A reason in a few words.
fn short(reason: &LimitReason) -> String {
    let words = match reason {
        LimitReason::Memory(stage) => match stage {
            Stage::LoadWeights => "the weights alone are too large",
            Stage::CreateContext => "the activations don't fit",
            Stage::AllocateBuffers => "the runtime and decoder buffers don't fit",
            Stage::WarmUp => "warming up runs out of memory",
            Stage::Profile => "the profiling step runs out of memory",
            Stage::HoldOneAdapter => "not even one LoRA adapter fits",
            Stage::AllocateKvCache => "the KV cache can't be allocated",
            Stage::HoldOneSequence => "not even one full-length request fits",
            Stage::RunFirstSteps => "the first steps run out of memory",
            Stage::HoldWholeBatch => "a whole batch doesn't fit",
        },
        LimitReason::Load(limit) => return format!("fewer requests run at once, limited by {}", limit.text()),
        LimitReason::Impossible(problem) => return format!("not possible: it {}", problem.message),
    };
    words.into()
}

fn tables(request: &PanelRequest, load: Option<Load>) -> Markup {
    let deployment = &request.deployment;
    let rows = NumericSetting::all(deployment).map(|setting| Row::of(deployment, setting, load));
    let (mut bounded, rest): (Vec<Row>, Vec<Row>) = rows.partition(Row::is_bounded);
    // Sizes of the machine are no choices like the others.
    bounded.sort_by_key(|row| row.setting.row.input == Input::Gib);
    html! {
        div.wide { (table("The range of each setting", &bounded)) }
        @if !rest.is_empty() {
            details.more data-part="any" open[request.unfolds("any")] {
                summary { span.part-label { (grouped(rest.len() as u64)) " more: any value fits" } }
                @if request.unfolds("any") { div.wide { (table("Settings of which any value fits", &rest)) } }
            }
        }
    }
}

fn table(label: &str, rows: &[Row]) -> Markup {
    html! {
        table.listing.cards.ranges aria-label=(label) {
            (widgets::head(&[
                ("Setting", false), ("Key", false), ("Current", true), ("Fits from", true), ("to", true),
                ("Beyond it", false),
            ]))
            tbody { @for row in rows { (row.markup()) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment::{BuildLimits, Deployment};
    use crate::explore::range::LimitReason;
    use crate::explore::{Load, NumericSetting, solve::solve};
    use crate::memory::estimate;
    use crate::panels::answer;
    use crate::units::grouped;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LINK: &str = "v%3D1%26max_seq_len%3D4096%26max_batch_size%3D64";

    fn deployment() -> Deployment {
        Deployment {
            limits: BuildLimits { max_seq_len: Some(4096), max_batch_size: Some(64), ..BuildLimits::default() },
            ..Deployment::engine()
        }
    }

    #[test]
    fn every_setting_has_the_range_that_the_library_solves() {
        let html = answer(&format!("panel=limits&open=any&link={LINK}"));
        let mut found = 0;
        for numeric in NumericSetting::all(&deployment()) {
            let range = solve(&deployment(), numeric.row.key, None).unwrap();
            assert!(html.contains(&format!("data-field=\"{}\"", range.key)));
            for end in [&range.smallest, &range.largest].into_iter().flatten() {
                let Some((next, LimitReason::Memory(_))) = &end.next else { continue };
                found += 1;
                assert!(html.contains(&format!("data-limit=\"{}\"", end.text)), "{}", range.key);
                assert!(!html.contains(&format!("data-limit=\"{next}\"")), "{}", range.key);
                let taken = format!("data-take=\"{}={}\"", range.key, end.text);
                assert_eq!(html.contains(&taken), range.today.as_ref() != Some(&end.text), "{taken}");
            }
        }
        assert!(found > 5, "{found}");
    }

    #[test]
    fn settings_of_which_any_value_fits_are_folded() {
        let folded = answer(&format!("panel=limits&link={LINK}"));
        assert!(!folded.contains("data-field=\"host_cache_size\"") && folded.contains(" more: any value fits"));
        assert!(folded.contains("above this, not even one full-length request fits"));
        assert!(!folded.contains("not possible"));
        let unfolded = answer(&format!("panel=limits&open=any&link={LINK}"));
        assert!(unfolded.contains("data-field=\"host_cache_size\""));
    }

    #[test]
    fn zero_is_no_limit_where_it_means_that() {
        let html = answer("panel=limits&link=backend%3Dpytorch%26max_seq_len%3D4096");
        let row = html.split("data-field=\"max_gpu_total_bytes\"").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains("no limit") && !row.contains("data-limit=\"0\""), "{row}");
        // A request of 4,096 tokens takes 128 KiB a token in Llama-3.1-8B's 16-bit cache.
        let from = row.split("data-limit=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!((500_000_000..600_000_000).contains(&from.parse::<u64>().unwrap()), "{from}");
    }

    #[test]
    fn sizes_of_the_machine_come_last() {
        let html = answer("panel=limits&link=v%3D1");
        let at = |key: &str| html.find(&format!("data-field=\"{key}\"")).unwrap();
        for key in ["max_batch_size", "max_num_tokens", "max_seq_len", "free_gpu_memory_fraction"] {
            assert!(at(key) < at("gpu_memory_gib"), "{key}");
        }
    }

    #[test]
    fn the_requests_at_once_are_the_reports() {
        let html = answer(&format!("panel=limits&input_len=1000&output_len=500&link={LINK}"));
        let found = estimate(&deployment()).unwrap().kv_cache.concurrency(1000, 500);
        assert!(html.contains(&format!("{} requests run at once", grouped(found.requests))), "{html}");
        assert!(html.contains(&format!("Limited by <span data-binding=\"{}\"", found.limit.key())));
    }

    #[test]
    fn a_load_narrows_the_limits() {
        let html = answer(&format!("panel=limits&concurrency=48&input_len=1000&output_len=500&link={LINK}"));
        let load = Load { concurrency: 48, input_len: 1000, output_len: 500 };
        let limits = solve(&deployment(), "max_seq_len", Some(load)).unwrap();
        assert!(html.contains(&format!("data-limit=\"{}\"", limits.limit().unwrap().text)));
    }

    #[test]
    fn what_fails_runs_nothing() {
        let html = answer("panel=limits&link=model%3Dmeta-llama/Llama-3.1-70B");
        assert!(html.contains("No request runs") && html.contains("none fits"));
    }
}
