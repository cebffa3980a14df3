//! Sweeps: the memory of the fullest GPU over the range of one setting, beside another one.

use super::widgets;
use crate::chart::{self, Size};
use crate::deployment::{Deployment, SETTINGS, Setting};
use crate::explore::NumericSetting;
use crate::explore::sweep::{POINTS, Point, Sweep, sweep};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The settings that are swept by default.
const FIRST: [(&str, &str); 2] = [("left", "tp_size"), ("right", "max_batch_size")];
/// The settings with named values that are worth a chart.
const NAMED: [&str; 3] = ["quant_algo", "kv_cache_dtype", "gpu"];
/// The width in pixels below which the charts are stacked.
const NARROW: u32 = 640;
/// The space between two charts, and the height of one, in pixels.
const GAP: u32 = 32;
const HEIGHT: u32 = 240;
const IDLE: &str = "Point at a value to see its memory; click to apply it. The thick line marks the values that fit.";

/// Returns two sweeps side by side.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let width = request.view.width.unwrap_or(NARROW);
    let each = if width < NARROW { width } else { (width - GAP) / 2 };
    html! {
        div.sweeps {
            @for (side, usual) in FIRST { (one(request, side, request.option(side).unwrap_or(usual), each)) }
        }
        p.note.sweep-tips data-tips=(IDLE) { (IDLE) }
    }
}

/// The settings that a chart can sweep.
fn choices(request: &PanelRequest) -> impl Iterator<Item = &'static Setting> {
    let swept = |setting: &&'static Setting| NumericSetting::of(setting).is_some() || NAMED.contains(&setting.key);
    SETTINGS.iter().filter(|setting| setting.counts(&request.deployment)).filter(swept)
}

/// The number of points: about [`POINTS`]. If the range doubles a whole number of times, powers of
/// two are among them.
fn points(deployment: &Deployment, key: &str) -> usize {
    let knob = NumericSetting::find(key).zip(deployment.resolve().ok());
    let reach = knob.map(|(knob, resolved)| knob.reach(knob.today(deployment, &resolved)));
    let doublings = reach.map_or(0.0, |(from, to)| (to as f64 / from.max(1) as f64).log2());
    let whole = doublings >= 1.0 && doublings.fract() == 0.0 && doublings < POINTS as f64;
    if whole { (POINTS / doublings as usize) * doublings as usize + 1 } else { POINTS }
}

fn one(request: &PanelRequest, side: &str, key: &str, width: u32) -> Markup {
    let id = format!("sweep_{side}");
    let swept = sweep(&request.deployment, key, None, points(&request.deployment, key));
    html! {
        section.sweep aria-label={ "Sweep over " (key) } {
            div.sweep-head {
                select.control.key name=(side) id={ (id) "_key" } aria-label={ "Setting of the " (side) " chart" } {
                    @for setting in choices(request) {
                        option value=(setting.key) selected[setting.key == key] { (setting.key) }
                    }
                }
                @if let Ok(swept) = &swept { span.faint { (range(swept)) } }
            }
            @match &swept {
                Ok(swept) => (picture(request, swept, &id, width)),
                Err(problem) => (widgets::problem(problem)),
            }
        }
    }
}

fn picture(request: &PanelRequest, swept: &Sweep, id: &str, width: u32) -> Markup {
    let (theme, units) = (widgets::theme(request), request.view.units);
    let drawn = chart::sweep(swept, Size { width, height: HEIGHT }, theme, units);
    let (wide, high) = (drawn.size.width, drawn.size.height);
    html! {
        div.chart-frame #(id) {
            div.chart-picture aria-hidden="true" { (PreEscaped(&drawn.svg)) }
            svg.chart-boxes role="group" aria-label={ "Memory over " (swept.key) } data-roving
                viewBox={ "0 0 " (wide) " " (high) } {
                @for (index, target) in drawn.targets.iter().enumerate() {
                    @let point = &swept.points[target.point];
                    @let text = description(swept.key, point, units);
                    rect x=(target.x) y=(target.y) width=(target.width) height=(target.height)
                        data-take=[point.outcome.is_ok().then(|| pair(swept.key, &point.text))]
                        tabindex=(widgets::roving(index)) role=(if point.outcome.is_ok() { "button" } else { "img" })
                        aria-label=(text) data-tip=(text) {}
                }
            }
        }
        div.folded {
            details data-part=(id) open[request.unfolds(id)] {
                summary { span.part-label { "as a table" } }
                @if request.unfolds(id) { (table(swept, units)) }
            }
            p.saves {
                @for kind in ["svg", "png"] {
                    button.link type="button" data-save={ "sweep-" (swept.key) "." (kind) } data-from=(id)
                        aria-label={ "save the sweep over " (swept.key) " as " (kind.to_uppercase()) } {
                            (kind.to_uppercase())
                        }
                }
            }
        }
    }
}

fn pair(key: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish()
}

fn readable(text: &str) -> String {
    text.parse::<u64>().map_or_else(|_| text.to_string(), grouped)
}

/// The range of the sweep, and the part of it that fits.
fn range(swept: &Sweep) -> String {
    let text = |at: usize| readable(&swept.points[at].text);
    let last = swept.points.len().saturating_sub(1);
    let fitting = swept.points.iter().filter(|point| point.fits()).count();
    let fits = match (fitting, &swept.feasible()[..]) {
        (0, _) => "fits nowhere".into(),
        (all, _) if all == swept.points.len() => "fits everywhere".into(),
        (some, _) if swept.names => format!("{some} fit"),
        (_, [(first, end)]) if *end == last => format!("fits from {}", text(*first)),
        (_, [(0, end)]) => format!("fits up to {}", text(*end)),
        (_, [(first, end)]) => format!("fits from {} to {}", text(*first), text(*end)),
        _ => format!("fits at {fitting} of {} values", swept.points.len()),
    };
    match swept.names {
        true => format!("{} values · {fits}", swept.points.len()),
        false => format!("{} to {} · {fits}", text(0), text(last)),
    }
}

/// A value in one line.
fn description(key: &str, point: &Point, units: Units) -> String {
    match &point.outcome {
        Err(reason) => format!("{key}={}: {reason}.", point.text),
        Ok(fullest) => {
            let (used, total) = (size(fullest.rank.used(), units), size(fullest.rank.total, units));
            let fits = if point.fits() { "fits" } else { "does not fit" };
            let tokens = grouped(fullest.kv_cache.tokens);
            format!(
                "{key}={}: {fits}; {used} of {total} {}, KV cache for {tokens} tokens.",
                readable(&point.text),
                units.giga()
            )
        }
    }
}

fn size(bytes: Bytes, units: Units) -> String {
    grouped_decimal(bytes.giga(units), 2)
}

fn table(swept: &Sweep, units: Units) -> Markup {
    html! {
        table.listing aria-label={ "Values of " (swept.key) } {
            @let used = format!("{} used", units.giga());
            (widgets::head(&[(swept.key, false), (&used, true), ("KV tokens", true), ("", false), ("", false)]))
            tbody {
                @for (at, point) in swept.points.iter().enumerate() {
                    tr.pointed[swept.today == Some(at)] {
                        th scope="row" { (readable(&point.text)) }
                        @match &point.outcome {
                            Ok(fullest) => {
                                td.number { (size(fullest.rank.used(), units)) }
                                td.number { (grouped(fullest.kv_cache.tokens)) }
                                td { (if point.fits() { "fits" } else { "fails" }) }
                                td { (widgets::take(swept.key, &point.text, "apply")) }
                            },
                            Err(reason) => td.beyond colspan="4" { (reason) "." },
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::points;
    use crate::deployment::Deployment;
    use crate::explore::sweep::sweep;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_point_of_both_sweeps_can_be_taken() {
        let html = answer("panel=sweep&width=800");
        for key in ["tp_size", "max_batch_size"] {
            let swept = sweep(&Deployment::default(), key, None, points(&Deployment::default(), key)).unwrap();
            for point in &swept.points {
                assert!(html.contains(&format!("data-take=\"{key}={}\"", point.text)), "{key}={}", point.text);
            }
        }
        assert_eq!(html.matches("<svg width=\"384\" height=\"240\"").count(), 2);
    }

    #[test]
    fn powers_of_two_are_among_the_values() {
        let html = answer("panel=sweep&width=800&left=max_seq_len");
        for power in [256, 1024, 2048] {
            assert!(html.contains(&format!("data-take=\"max_batch_size={power}\"")));
            assert!(html.contains(&format!("data-take=\"max_seq_len={power}\"")));
        }
    }

    #[test]
    fn names_are_bars_and_the_impossible_ones_say_why() {
        let html = answer("panel=sweep&width=800&left=quant_algo&right=gpu&link=gpu%3Da100");
        assert!(html.contains("data-take=\"quant_algo="));
        assert!(html.contains("compute capability") && !html.contains("data-take=\"quant_algo=FP8\""));
        assert!(html.contains("data-take=\"gpu=h100-sxm\""));
    }

    #[test]
    fn the_table_says_the_same_where_it_is_unfolded() {
        let (folded, unfolded) = (answer("panel=sweep"), answer("panel=sweep&open=sweep_left"));
        assert!(!folded.contains("Values of tp_size") && unfolded.contains("Values of tp_size"));
        assert_eq!(unfolded.matches("data-take=\"tp_size=4\"").count(), 2);
    }

    #[test]
    fn what_can_not_be_swept_is_said_as_text() {
        let html = answer("panel=sweep&left=%3Cb%3E");
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"));
    }
}
