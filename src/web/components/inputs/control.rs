//! A setting with the control for its kind of value.

use super::choice::{Choice, GpuChoice};
use super::field::Field;
use super::model::ModelField;
use super::number::NumberBox;
use super::slider::Slider;
use super::steps::Steps;
use super::switch::{AutoSwitch, Switch};
use crate::deployment::{Input, Setting};
use crate::web::state::{AppState, SettingState};
use leptos::prelude::*;

/// The field of a setting. The table of settings decides which control it has.
#[component]
pub(crate) fn Control(
    setting: &'static Setting,
    /// Whether to show the time at which the setting is decided.
    #[prop(optional)]
    shows_phase: bool,
) -> impl IntoView {
    let setting = SettingState::new(AppState::from_context(), setting);
    let is_wide = matches!(setting.setting.input, Input::Model | Input::Gpu);
    let control = match setting.setting.input {
        Input::Model => view! { <ModelField setting/> }.into_any(),
        Input::Gpu => view! { <GpuChoice setting/> }.into_any(),
        Input::Choice(names) => view! { <Choice setting names/> }.into_any(),
        Input::Steps { usual, .. } => view! { <Steps setting usual/> }.into_any(),
        Input::Whole { .. } | Input::Fraction => view! { <NumberBox setting/><Slider setting/> }.into_any(),
        Input::Gib | Input::Text => view! { <NumberBox setting/> }.into_any(),
        Input::Toggle if setting.setting.optional => view! { <AutoSwitch setting/> }.into_any(),
        Input::Toggle => view! { <Switch setting/> }.into_any(),
    };
    view! { <Field setting is_wide shows_phase>{control}</Field> }
}
