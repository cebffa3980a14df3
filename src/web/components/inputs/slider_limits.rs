//! The values at which the deployment stops fitting, for the ticks of the sliders.

use crate::deployment::Setting;
use crate::protocol::Request;
use crate::web::browser::worker::Channel;
use crate::web::state::AppState;
use leptos::prelude::*;

/// The worker's last answer, as Leptos context.
#[derive(Clone, Copy)]
pub(super) struct Limits(RwSignal<String>);

/// Provides the limits to the sliders after it, and keeps them up to date.
#[component]
pub(crate) fn SliderLimits() -> impl IntoView {
    let (app, limits) = (AppState::from_context(), RwSignal::new(String::new()));
    provide_context(Limits(limits));
    let channel = Channel::new(move |answer| limits.set(answer.unwrap_or_default().to_string()));
    Effect::new(move || {
        if let Some(valid) = app.settled_valid() {
            channel.ask(&Request::SliderLimits { deployment: valid.deployment.clone() });
        }
    });
}

/// The last value of a setting that fits.
pub(super) struct Limit {
    /// The value.
    pub value: String,
    /// Whether smaller values do not fit.
    pub is_smallest: bool,
}

impl Limits {
    /// The limit of a setting; `None` if every value fits, or none.
    pub(super) fn of(self, setting: &Setting) -> Option<Limit> {
        self.0.with(|limits| {
            let (_, value) = form_urlencoded::parse(limits.as_bytes()).find(|(key, _)| key == setting.key)?;
            Some(Limit { is_smallest: value.ends_with('+'), value: value.trim_end_matches('+').to_string() })
        })
    }
}
