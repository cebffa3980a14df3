//! A number, with a slider where its range has an end.

use super::field::{described_by, invalid};
use super::scale::Scale;
use crate::deployment::{Field, Input};
use crate::web::state::{AppState, readable};
use leptos::prelude::*;

/// The slider of a fraction counts hundredths.
const HUNDREDTHS: f64 = 100.0;

/// A field for a number. Left empty it shows what TensorRT-LLM takes instead.
#[component]
pub fn Number(field: &'static Field) -> impl IntoView {
    let slider = match field.input {
        Input::Whole { min, slider_max, .. } => Some(Slider::Whole(Scale::new(min, slider_max))),
        Input::Fraction => Some(Slider::Fraction),
        _ => None,
    };
    view! {
        <TextInput field/>
        {slider.map(|slider| view! { <Range field slider/> })}
    }
}

/// The text of a number, kept as typed until it is understood.
#[component]
pub fn TextInput(field: &'static Field) -> impl IntoView {
    let state = expect_context::<AppState>();
    let (text, effective) = (state.text(field), state.effective(field));
    let placeholder = move || match effective.get() {
        nothing if nothing.is_empty() => "none".to_string(),
        value => readable(field, value),
    };
    let mode = if matches!(field.input, Input::Whole { .. } | Input::Steps { .. }) { "numeric" } else { "decimal" };
    view! {
        <input
            class="control figure"
            type="text"
            inputmode=mode
            spellcheck="false"
            id=field.key
            name=field.key
            placeholder=placeholder
            aria-describedby=described_by(state, field)
            aria-invalid=invalid(state, field)
            prop:value=move || text.get()
            on:input=move |event| state.edit(field, event_target_value(&event))
            on:change=move |_| state.settle(field)
        />
    }
}

/// How a slider's positions and a field's values belong together.
#[derive(Clone)]
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
            Slider::Fraction => value.parse::<f64>().ok().map(|share| (share * HUNDREDTHS).round() as usize),
        };
        position.map_or(high, |position| position.clamp(low, high))
    }

    fn value(&self, position: usize) -> String {
        match self {
            Slider::Whole(scale) => scale.number(position).to_string(),
            Slider::Fraction => (position as f64 / HUNDREDTHS).to_string(),
        }
    }
}

#[component]
fn Range(field: &'static Field, slider: Slider) -> impl IntoView {
    let state = expect_context::<AppState>();
    let (value, effective) = (state.value(field), state.effective(field));
    let shown = Memo::new(move |_| {
        let value = value.get();
        if value.is_empty() { effective.get() } else { value }
    });
    let (low, high) = slider.ends();
    let place = {
        let slider = slider.clone();
        Memo::new(move |_| shown.with(|value| slider.position(value)))
    };
    let fill = move || format!("{:.2}%", (place.get() - low) as f64 * 100.0 / (high - low).max(1) as f64);
    let spoken = move || match shown.get() {
        nothing if nothing.is_empty() => "none".to_string(),
        value => readable(field, value),
    };
    let moved = move |event| {
        if let Ok(position) = event_target_value(&event).parse::<usize>() {
            state.choose(field, &slider.value(position));
        }
    };
    view! {
        <input
            class="slider"
            type="range"
            id=format!("{}_slider", field.key)
            aria-label=format!("{} slider", field.key)
            aria-valuetext=spoken
            min=low
            max=high
            prop:value=move || place.get().to_string()
            style:--fill=fill
            on:input=moved
        />
    }
}
