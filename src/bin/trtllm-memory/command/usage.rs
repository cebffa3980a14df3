//! Errors of the command's arguments.

use super::Output;
use super::link_arg::refuse;
use clap::error::{ContextKind, ContextValue};
use std::env;
use trtllm_memory::export::json::BadInput;

/// Returns the answer to arguments that cannot be parsed: `errors` if `--json` is among them.
/// Otherwise prints the error, the help or the version, and ends the program.
pub(super) fn refuse_arguments(error: &clap::Error) -> Output {
    let as_json = env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if !as_json || !error.use_stderr() {
        error.exit();
    }
    refuse(vec![bad_input(error)], true)
}

/// An error of the arguments, with its argument as the field.
fn bad_input(error: &clap::Error) -> BadInput {
    let context = |kind| {
        error.get(kind).and_then(|value| match value {
            ContextValue::String(text) => Some(text.as_str()),
            ContextValue::Strings(texts) => texts.first().map(String::as_str),
            _ => None,
        })
    };
    let subcommand = context(ContextKind::InvalidSubcommand);
    let setting =
        context(ContextKind::InvalidArg).map(name).or(subcommand.map(|_| "command".into())).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).or(subcommand).unwrap_or_default().to_string();
    // The usage and a hint at `--help` follow a blank line.
    let text = error.render().to_string();
    let message = text.split("\n\n").next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    BadInput { field: setting, value, message: message.split_whitespace().collect::<Vec<&str>>().join(" ") }
}

/// The name of an argument as a key: `hf_config` for `--hf-config <FILE>`, and `link` for `<LINK>`.
fn name(argument: &str) -> String {
    let word = argument.split_whitespace().next().unwrap_or_default();
    word.trim_matches(|letter: char| !letter.is_alphanumeric()).replace('-', "_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::*;
    use clap::Parser;

    #[test]
    fn an_error_names_its_argument_its_value_and_what_is_wrong() {
        for (arguments, setting, value, words) in [
            (&["estimate", "", "--units", "MB"][..], "units", "MB", "expected GiB or GB"),
            (&["estimate"], "link", "", "not provided: <LINK>"),
            (&["estimate", "", "--colour"], "colour", "", "unexpected argument '--colour'"),
            (&["guess"], "command", "guess", "unrecognized subcommand 'guess'"),
            (&["estimate", "", "--hf-config"], "hf_config", "", "a value is required"),
        ] {
            let error = Arguments::try_parse_from([&["trtllm-memory"], arguments].concat()).unwrap_err();
            let bad = bad_input(&error);
            assert_eq!((bad.field.as_str(), bad.value.as_str()), (setting, value), "{arguments:?}: {bad:?}");
            assert!(bad.message.contains(words) && !bad.message.contains("--help"), "{bad:?}");
        }
    }
}
