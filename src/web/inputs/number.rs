//! A number, with a slider where its range has an end.

use super::field::described;
use super::scale::Scale;
use super::ticks::tick;
use crate::deployment::{Input, Setting};
use crate::units::{decimal, shortest};
use crate::web::dom::{El, el, value};
use crate::web::state::{SettingState, readable};
use std::rc::Rc;

/// The slider of a fraction counts hundredths.
const HUNDREDTHS: f64 = 100.0;

/// A field for a number, and its slider where the range has an end.
pub(crate) fn number(setting: SettingState) -> Vec<El> {
    let field = setting.field;
    let slider = match field.input {
        Input::Whole { min, slider_max, .. } => Some(Slider::Whole(Scale::new(min, slider_max))),
        Input::Fraction => Some(Slider::Fraction),
        _ => None,
    };
    [text_input(setting)].into_iter().chain(slider.map(|slider| range(setting, slider))).collect()
}

/// The text input of a number. It keeps invalid text as typed, and if empty shows the resolved
/// value.
pub(crate) fn text_input(setting: SettingState) -> El {
    let SettingState { field, state, .. } = setting;
    let mode = match field.input {
        Input::Whole { .. } | Input::Steps { .. } => "numeric",
        Input::Text => "text",
        _ => "decimal",
    };
    let input =
        el("input").class("control figure").attr("type", "text").attr("inputmode", mode).attr("spellcheck", "false");
    described(setting, input, "")
        .live_attr("placeholder", move || Some(spoken(field, setting.effective())))
        .live_value(move || setting.text())
        .on("input", move |event| state.edit(field, value(&event)))
        .on("change", move |_| state.settle(field))
}

/// A value, or that there is none.
fn spoken(field: &Setting, value: String) -> String {
    if value.is_empty() { "none".to_string() } else { readable(field, value) }
}

/// How a slider's positions and a field's values belong together.
enum Slider {
    Whole(Scale),
    Fraction,
}

impl Slider {
    fn ends(&self) -> (usize, usize) {
        match self {
            Slider::Whole(scale) => (0, scale.last()),
            Slider::Fraction => (1, HUNDREDTHS as usize - 1),
        }
    }

    /// Where a value is; the end where there is none.
    fn position(&self, value: &str) -> usize {
        let (low, high) = self.ends();
        let position = match self {
            Slider::Whole(scale) => value.parse().ok().map(|number| scale.position(number)),
            Slider::Fraction => decimal(value).map(|share| (share * HUNDREDTHS).round() as usize),
        };
        position.map_or(high, |position| position.clamp(low, high))
    }

    /// Whether a value lies between the ends.
    fn is_inside(&self, value: &str) -> bool {
        match self {
            Slider::Whole(scale) => value.parse::<u64>().is_ok_and(|number| number < scale.number(scale.last())),
            Slider::Fraction => decimal(value).is_some_and(|share| share < 0.985),
        }
    }

    fn value(&self, position: usize) -> String {
        match self {
            Slider::Whole(scale) => scale.number(position).to_string(),
            Slider::Fraction => shortest(position as f64 / HUNDREDTHS),
        }
    }
}

fn range(setting: SettingState, slider: Slider) -> El {
    let SettingState { field, state, .. } = setting;
    let shown = move || {
        let value = setting.value();
        if value.is_empty() { setting.effective() } else { value }
    };
    let (low, high) = slider.ends();
    let slider = Rc::new(slider);
    let (placed, ticked) = (slider.clone(), slider.clone());
    let last = slider.clone();
    // A tick at the very end would say nothing.
    let tick = move || tick(state, field).filter(|(value, _)| last.is_inside(value));
    let shown_tick = tick.clone();
    let says = move || {
        let (value, is_smallest) = shown_tick()?;
        let from = if is_smallest { "Fits from" } else { "Fits up to" };
        Some(format!("{from} {}.", readable(field, value)))
    };
    let place = move || {
        let thousandths = |value: String| (ticked.position(&value) - low) * 1000 / (high - low).max(1);
        tick().map(|(value, _)| format!("{}", thousandths(value))).unwrap_or_default()
    };
    el("input")
        .class("slider")
        .attr("type", "range")
        .id(&format!("{}_slider", field.key))
        .attr("aria-label", &format!("{} slider", field.key))
        .attr("min", &low.to_string())
        .attr("max", &high.to_string())
        .live_attr("aria-valuetext", move || Some(spoken(field, shown())))
        .live_value(move || placed.position(&shown()).to_string())
        .live_style("--tick", place)
        .live_attr("title", says)
        .on("input", move |event| {
            if let Ok(position) = value(&event).parse::<usize>() {
                state.choose(field, &slider.value(position));
            }
        })
}
