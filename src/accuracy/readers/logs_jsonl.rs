//! Deployments as JSON lines: the configuration under TensorRT-LLM's names, `measured`,
//! `how_known`, `log_lines`.

use super::row::{Row, switches};
use super::{Read, unreadable};
use crate::accuracy::Exclusion;
use serde_json::{Map, Value};

/// Bytes of a row's remarks that are searched, at most.
const LONGEST_REMARKS: usize = 1 << 16;

pub(super) fn read(name: &str, text: &str) -> Read {
    let mut read = Read::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(Value::Object(object)) => {
                read.measurements.push(row(&object, &format!("{name}:{}", number + 1)).measurement());
            }
            Ok(_) => read.unreadable.push(unreadable(name, number + 1, Exclusion::NotAnObject)),
            Err(error) => {
                read.unreadable.push(unreadable(name, number + 1, Exclusion::NotJson(error.to_string())));
            }
        }
    }
    read
}

/// The row of an object. Without an `id` its name is its place in the file.
fn row(object: &Map<String, Value>, place: &str) -> Row {
    let text = |key: &str| object.get(key).and_then(scalar).filter(|text| !text.is_empty());
    let mut row = Row {
        id: text("id").unwrap_or_else(|| place.to_string()),
        source: text("source").unwrap_or_default(),
        backend: text("backend").unwrap_or_default().to_ascii_lowercase(),
        ..Row::default()
    };
    for (key, value) in object {
        if let Some(value) = scalar(value) {
            row.set(key, &value);
        }
    }
    for key in ["how_known", "log_lines"] {
        object.get(key).into_iter().for_each(|value| collect(value, &mut row.remarks));
    }
    if let Some(Value::Object(measured)) = object.get("measured") {
        row.figures.extend(measured.iter().filter_map(|(key, value)| Some((key.clone(), number(value)?))));
        if let Some(Value::Object(other)) = measured.get("other") {
            hints(other, &mut row);
        }
    }
    row.remarks.make_ascii_lowercase();
    let printed = runtime_batch(&row.remarks);
    if let Some(batch) = printed {
        row.set("runtime_max_batch_size", &batch);
    }
    row
}

/// Adds what the log's other figures and notes reveal of the configuration.
fn hints(other: &Map<String, Value>, row: &mut Row) {
    for (key, value) in other {
        match value {
            // A plugin without a type is off.
            Value::Null if key == "gemm_plugin" => row.set(key, "false"),
            Value::Bool(true) if key == "is_estimate" => row.remarks.push_str(" is_estimate "),
            Value::Number(count) if key.ends_with("optimization_profiles") => {
                let several = count.as_u64().is_some_and(|count| count > 1);
                row.set("multiple_profiles", if several { "true" } else { "false" });
            }
            Value::String(text) if ["note", "backend_detail"].contains(&key.as_str()) => {
                row.remarks.push_str(text);
                row.remarks.push(' ');
            }
            Value::String(text) if key == "flags" => switches(text, row),
            // The log's name for the model, which counts if no repository is given.
            Value::String(text) if key == "model_name" || key == "model_path_printed" => row.set("model", text),
            _ => {
                let is_setting = crate::deployment::setting(super::row::canonical(key)).is_some();
                let known = is_setting || key == "engine_build_max_batch_size";
                if let (true, Some(value)) = (known, scalar(value)) {
                    row.set(key, &value);
                }
            }
        }
    }
}

/// The executor's batch size, which the first lines of a log print.
fn runtime_batch(remarks: &str) -> Option<String> {
    let (_, after) = remarks.split_once("trtgptmodel maxbatchsize: ")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// A text, number or bool as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number, which may also be written as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// Appends all texts inside `value`, a line each.
fn collect(value: &Value, texts: &mut String) {
    match value {
        _ if texts.len() > LONGEST_REMARKS => {}
        Value::String(text) => {
            texts.push_str(text);
            texts.push('\n');
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(object) => object.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
