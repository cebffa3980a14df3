//! Sweeps: the memory of the fullest GPU over the range of one setting, beside another one.

use super::widgets;
use crate::chart::{self, MemoryAxis, Shown, Size};
use crate::deployment::{Deployment, Input, InvalidSetting, SETTINGS, Setting};
use crate::explore::NumericSetting;
use crate::explore::sweep::{POINTS, Point, Sweep, sweep};
use crate::memory::{Contributor, Rank};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped, grouped_decimal};
use maud::{Markup, PreEscaped, html};

/// The settings that are swept by default.
const FIRST: [(&str, &str); 2] = [("left", "tp_size"), ("right", "max_batch_size")];
/// The settings with named values that are worth a chart.
const NAMED: [&str; 3] = ["quant_algo", "kv_cache_dtype", "gpu"];
/// The largest number of ranks in a chart, unless more are set.
const MOST_RANKS: u64 = 16;
/// The width in pixels below which the charts are stacked.
const NARROW: u32 = 640;
/// The space between two charts, and the height of one, in pixels.
const GAP: u32 = 32;
const HEIGHT: u32 = 280;
const IDLE: &str = "Hover for values, click to apply. Thick line: fits.";

/// Returns two sweeps side by side, on one scale.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let width = request.view.width.unwrap_or(NARROW);
    let width = if width < NARROW { width } else { (width - GAP) / 2 };
    let option = request.option("show");
    let shown = Shown::ALL.into_iter().find(|shown| option == Some(shown.key())).unwrap_or_default();
    let sweeps = FIRST.map(|(side, usual)| {
        let key = request.option(side).unwrap_or(usual);
        (side, key, swept(&request.deployment, key))
    });
    let axis = MemoryAxis::of(sweeps.iter().filter_map(|(_, _, swept)| swept.as_ref().ok()), shown, request.view.units);
    let frame = Frame { request, axis, shown, width };
    html! {
        div.asks {
            (widgets::switch("show", "Memory shown", Shown::ALL.map(|shown| (shown.key(), shown.label())), shown.key()))
        }
        div.sweeps {
            @for (side, key, swept) in &sweeps { (frame.one(side, key, swept)) }
        }
        p.note.sweep-tips data-tips=(IDLE) { (IDLE) }
    }
}

/// The settings that a chart can sweep.
fn choices(request: &PanelRequest) -> impl Iterator<Item = &'static Setting> {
    let swept = |setting: &&'static Setting| NumericSetting::of(setting).is_some() || NAMED.contains(&setting.key);
    SETTINGS.iter().filter(|setting| setting.counts(&request.deployment)).filter(swept)
}

/// The sweep over a setting: numbers of ranks up to 16 and to twice the current number.
fn swept(deployment: &Deployment, key: &str) -> Result<Sweep, InvalidSetting> {
    let numeric = NumericSetting::find(key).zip(deployment.resolve().ok());
    let Some((setting, today)) = numeric.map(|(setting, resolved)| (setting, setting.today(deployment, &resolved)))
    else {
        return sweep(deployment, key, None, POINTS);
    };
    let (from, to) = setting.reach(today);
    if matches!(setting.row.input, Input::Steps { .. }) {
        let most = today.map_or(MOST_RANKS, |today| today.saturating_mul(2).max(MOST_RANKS));
        return sweep(deployment, key, Some((setting.value(from), setting.value(to.max(most)))), POINTS);
    }
    // If the range doubles a whole number of times, powers of two are among about `POINTS` values.
    let doublings = (to as f64 / from.max(1) as f64).log2();
    let whole = doublings >= 1.0 && doublings.fract() == 0.0 && doublings < POINTS as f64;
    let points = if whole { (POINTS / doublings as usize) * doublings as usize + 1 } else { POINTS };
    sweep(deployment, key, None, points)
}

/// The properties that both charts share.
struct Frame<'r> {
    request: &'r PanelRequest,
    axis: MemoryAxis,
    shown: Shown,
    width: u32,
}

impl Frame<'_> {
    fn one(&self, side: &str, key: &str, swept: &Result<Sweep, InvalidSetting>) -> Markup {
        let id = format!("sweep_{side}");
        html! {
            section.sweep aria-label={ "Sweep over " (key) } {
                div.sweep-head {
                    select.control.key name=(side) id={ (id) "_key" } aria-label={ "Setting of the " (side) " chart" } {
                        @for setting in choices(self.request) {
                            option value=(setting.key) selected[setting.key == key] { (setting.key) }
                        }
                    }
                    @if let Ok(swept) = &swept { span.faint { (range(swept)) } }
                }
                @match &swept {
                    Ok(swept) => (self.picture(swept, &id)),
                    Err(problem) => (widgets::problem(problem)),
                }
            }
        }
    }

    fn picture(&self, swept: &Sweep, id: &str) -> Markup {
        let size = Size { width: self.width, height: HEIGHT };
        let title = widgets::setting_name(swept.key);
        let drawn = chart::sweep(swept, title, &self.axis, size, widgets::theme(self.request));
        let (wide, high) = (drawn.size.width, drawn.size.height);
        html! {
            div.chart-frame #(id) {
                div.chart-picture aria-hidden="true" { (PreEscaped(&drawn.svg)) }
                svg.chart-boxes role="group" aria-label={ "Memory over " (swept.key) } data-roving
                    viewBox={ "0 0 " (wide) " " (high) } {
                    @for (index, target) in drawn.targets.iter().enumerate() {
                        @let point = &swept.points[target.point];
                        @let text = self.description(swept.key, point);
                        @let role = if point.outcome.is_ok() { "button" } else { "img" };
                        rect x=(target.x) y=(target.y) width=(target.width) height=(target.height)
                            data-take=[point.outcome.is_ok().then(|| pair(swept.key, &point.text))]
                            tabindex=(widgets::roving(index)) role=(role) aria-label=(text) data-tip=(text) {}
                    }
                }
            }
            div.folded {
                details data-part=(id) open[self.request.unfolds(id)] {
                    summary { span.part-label { "as a table" } }
                    @if self.request.unfolds(id) { (self.table(swept)) }
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

    /// The memory of a GPU that is shown.
    fn bytes(&self, rank: &Rank) -> Bytes {
        match self.shown {
            Shown::Everything => rank.used(),
            Shown::Activations => rank.figure(Contributor::Activations).bytes,
            Shown::WithoutKvCache => rank.used_without_kv_cache(),
        }
    }

    /// A value in one line.
    fn description(&self, key: &str, point: &Point) -> String {
        let value = readable(&point.text);
        let Ok(fullest) = &point.outcome else {
            let reason = point.outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
            return format!("{key}={value}: {reason}.");
        };
        let units = self.request.view.units;
        let (used, total) = (size(self.bytes(&fullest.rank), units), size(fullest.rank.total, units));
        let (fits, giga) = (if point.fits() { "fits" } else { "does not fit" }, units.giga());
        let figures = match self.shown {
            Shown::Activations => format!("activations {used} {giga}"),
            Shown::WithoutKvCache => format!("{used} {giga} without the KV cache"),
            Shown::Everything => {
                format!("{used} of {total} {giga}, KV cache for {} tokens", grouped(fullest.kv_cache.tokens))
            }
        };
        format!("{key}={value}: {fits}; {figures}.")
    }

    fn table(&self, swept: &Sweep) -> Markup {
        let units = self.request.view.units;
        let used = match self.shown {
            Shown::Everything => format!("{} used", units.giga()),
            shown => format!("{}, {}", shown.label(), units.giga()),
        };
        html! {
            table.listing aria-label={ "Values of " (swept.key) } {
                (widgets::head(&[(swept.key, false), (&used, true), ("KV tokens", true), ("", false), ("", false)]))
                tbody {
                    @for (at, point) in swept.points.iter().enumerate() {
                        tr.pointed[swept.today == Some(at)] {
                            th scope="row" { (readable(&point.text)) }
                            @match &point.outcome {
                                Ok(fullest) => {
                                    td.number { (size(self.bytes(&fullest.rank), units)) }
                                    td.number { (grouped(fullest.kv_cache.tokens)) }
                                    td { (if point.fits() { "fits" } else { "fails" }) }
                                    td { (widgets::take(swept.key, &point.text, &point.text, "apply")) }
                                },
                                Err(reason) => td.beyond colspan="4" { (reason) "." },
                            }
                        }
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

fn size(bytes: Bytes, units: Units) -> String {
    grouped_decimal(bytes.giga(units), 2)
}

#[cfg(test)]
mod tests {
    use super::swept;
    use crate::deployment::Deployment;
    use crate::link;
    use crate::memory::{Contributor, estimate};
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_point_of_both_sweeps_can_be_taken() {
        let html = answer("panel=sweep&width=800&link=v%3D1");
        for key in ["tp_size", "max_batch_size"] {
            let swept = swept(&Deployment::engine(), key).unwrap();
            for point in &swept.points {
                assert!(html.contains(&format!("data-take=\"{key}={}\"", point.text)), "{key}={}", point.text);
            }
        }
        assert_eq!(html.matches("<svg width=\"384\" height=\"280\"").count(), 2);
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
    fn numbers_of_ranks_go_to_sixteen_and_to_twice_the_current_one() {
        let html = answer("panel=sweep&width=800&right=pp_size");
        for ranks in [1, 2, 4, 8, 16] {
            assert!(html.contains(&format!("data-take=\"tp_size={ranks}\"")), "{ranks}");
            assert!(html.contains(&format!("data-take=\"pp_size={ranks}\"")), "{ranks}");
        }
        let more = answer("panel=sweep&width=800&link=tp_size%3D16");
        assert!(more.contains("data-take=\"tp_size=32\""));
    }

    #[test]
    fn activations_can_be_shown_alone() {
        let html = answer("panel=sweep&show=activations&link=v%3D1%26tp_size%3D2&open=sweep_left");
        assert!(html.contains("aria-pressed=\"true\" data-ask=\"show=activations\""), "{html}");
        let report = estimate(&link::decode("v=1&tp_size=2").deployment).unwrap();
        let bytes = report.ranks[0].figure(Contributor::Activations).bytes;
        let text = format!("activations {:.2} GiB", bytes.gib());
        assert!(html.contains(&text), "no {text}");
        assert!(html.contains("activations, GiB"));
    }

    #[test]
    fn names_are_bars_and_the_impossible_ones_say_why() {
        let html = answer("panel=sweep&width=800&left=quant_algo&right=gpu&link=v%3D1%26gpu%3Da100");
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
