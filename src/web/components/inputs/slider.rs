//! A slider over the range of a number.

use super::number::spoken;
use super::scale::Scale;
use super::slider_limits::Limits;
use crate::deployment::{Input, Setting};
use crate::units::{decimal, shortest};
use crate::web::state::{SettingState, readable};
use leptos::prelude::*;
use std::sync::Arc;

/// The slider of a fraction has a position for each hundredth.
const HUNDREDTHS: f64 = 100.0;

/// The positions of a slider.
enum Positions {
    Whole(Scale),
    Hundredths,
}

impl Positions {
    fn of(setting: &Setting) -> Positions {
        match setting.input {
            Input::Whole { min, slider_max, .. } => Positions::Whole(Scale::new(min, slider_max)),
            _ => Positions::Hundredths,
        }
    }

    fn ends(&self) -> (usize, usize) {
        match self {
            Positions::Whole(scale) => (0, scale.last()),
            Positions::Hundredths => (1, HUNDREDTHS as usize - 1),
        }
    }

    /// The position of a value; the upper end if there is no value.
    fn position(&self, value: &str) -> usize {
        let (low, high) = self.ends();
        let position = match self {
            Positions::Whole(scale) => value.parse().ok().map(|number| scale.position(number)),
            Positions::Hundredths => decimal(value).map(|share| (share * HUNDREDTHS).round() as usize),
        };
        position.map_or(high, |position| position.clamp(low, high))
    }

    /// Whether a value is below the upper end.
    fn is_inside(&self, value: &str) -> bool {
        match self {
            Positions::Whole(scale) => value.parse::<u64>().is_ok_and(|number| number < scale.number(scale.last())),
            Positions::Hundredths => decimal(value).is_some_and(|share| share < 0.985),
        }
    }

    fn value(&self, position: usize) -> String {
        match self {
            Positions::Whole(scale) => scale.number(position).to_string(),
            Positions::Hundredths => shortest(position as f64 / HUNDREDTHS),
        }
    }
}

/// The slider, with a tick where the deployment stops fitting.
#[component]
pub(super) fn Slider(setting: SettingState) -> impl IntoView {
    let row = setting.setting;
    let positions = Arc::new(Positions::of(row));
    let (low, high) = positions.ends();
    let shown = move || {
        let value = setting.value();
        if value.is_empty() { setting.effective() } else { value }
    };
    let limits = use_context::<Limits>();
    // A tick at the very end would say nothing.
    let tick = Memo::new({
        let positions = positions.clone();
        move |_| {
            let limit = limits?.of(row).filter(|limit| positions.is_inside(&limit.value))?;
            let thousandths = (positions.position(&limit.value) - low) * 1000 / (high - low).max(1);
            let from = if limit.is_smallest { "Fits from" } else { "Fits up to" };
            Some((thousandths.to_string(), format!("{from} {}.", readable(row, limit.value))))
        }
    });
    let tick_place =
        Signal::derive(move || tick.with(|tick| tick.as_ref().map(|(place, _)| place.clone()).unwrap_or_default()));
    let position = {
        let positions = positions.clone();
        move || positions.position(&shown()).to_string()
    };
    let choose = move |event: web_sys::Event| {
        if let Ok(position) = event_target_value(&event).parse::<usize>() {
            setting.app.choose(row, &positions.value(position));
        }
    };
    view! {
        <input
            class="slider"
            type="range"
            id=format!("{}_slider", row.key)
            aria-label=format!("{} slider", row.name)
            min=low.to_string()
            max=high.to_string()
            aria-valuetext=Signal::derive(move || spoken(row, shown()))
            prop:value=position
            style:--tick=tick_place
            title=Signal::derive(move || tick.with(|tick| tick.as_ref().map(|(_, text)| text.clone())))
            on:input=choose
        />
    }
}
