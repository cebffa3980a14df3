//! Where the deployment stops fitting, as a tick on each slider.

use crate::deployment::Setting;
use crate::protocol::Request;
use crate::web::browser::Debounced;
use crate::web::dom::watch;
use crate::web::state::AppState;
use crate::web::worker::Answers;

/// A tick is looked for once the deployment has rested for this many milliseconds.
const REST: u32 = 200;

/// Keeps the ticks up to date, long after the picture.
pub(crate) fn follow(state: AppState) {
    let ticks = state.view.ticks;
    let answers = Answers::new(move |answer| ticks.set(answer.unwrap_or_default().to_string()));
    let resting = Debounced::new(REST);
    watch(move || {
        let Some(sound) = state.last_sound() else {
            return;
        };
        resting.call(move || {
            answers.ask(&Request::SliderLimits { deployment: sound.deployment.clone() });
        });
    });
}

/// The last value of a field that fits, and whether it is smaller ones that don't.
pub(crate) fn tick(state: AppState, field: &Setting) -> Option<(String, bool)> {
    state.view.ticks.with(|ticks| {
        let (_, value) = form_urlencoded::parse(ticks.as_bytes()).find(|(key, _)| key == field.key)?;
        let is_smallest = value.ends_with('+');
        Some((value.trim_end_matches('+').to_string(), is_smallest))
    })
}
