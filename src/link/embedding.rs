//! The options of an embedded page. The scripts in `web/js` have copies of these constants, which
//! the tests below compare.

/// The settings that an embedded page shows unless its address asks for others.
pub const DEFAULT_KNOBS: [&str; 3] = ["max_batch_size", "max_num_tokens", "free_gpu_memory_fraction"];
/// The parts of an embedded page that its address can ask for.
pub const PARTS: [&str; 4] = ["verdict", "chart", "table", "knobs"];
/// The parts that an embedded page shows unless its address asks for others.
pub const DEFAULT_PARTS: [&str; 3] = ["verdict", "chart", "knobs"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::setting;
    use crate::link::{VIEW_OPTIONS, push_escaped};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const EMBED: &str = include_str!("../../web/js/embed.js");
    const FRAME: &str = include_str!("../../web/js/frame.js");
    const BUILDER: &str = include_str!("../../web/js/builder.js");
    const BUILDER_PAGE: &str = include_str!("../../web/embed.html");

    /// The value of a constant in a script, up to the end of its statement.
    fn constant<'a>(script: &'a str, name: &str) -> &'a str {
        let (_, rest) = script.split_once(&format!("const {name} = ")).unwrap_or_else(|| panic!("no {name}"));
        rest.split_once(";\n").unwrap().0
    }

    /// The texts in quotes.
    fn texts(value: &str) -> Vec<&str> {
        value.split('"').skip(1).step_by(2).collect()
    }

    /// A function of a script, without its indentation.
    fn function(script: &str, name: &str) -> String {
        let at = script.find(&format!("function {name}(")).unwrap_or_else(|| panic!("no {name}"));
        let indent = script[..at].len() - script[..at].rfind('\n').unwrap() - 1;
        let end = script[at..].find(&format!("\n{}}}\n", " ".repeat(indent))).unwrap();
        script[at..at + end].lines().map(|line| line.trim().to_string() + "\n").collect()
    }

    #[test]
    fn the_scripts_have_the_same_parts_settings_and_options() {
        assert_eq!(texts(constant(FRAME, "PARTS")), PARTS);
        assert_eq!(texts(constant(FRAME, "DEFAULT_PARTS")), DEFAULT_PARTS);
        assert_eq!(texts(constant(BUILDER, "DEFAULT_PARTS")), DEFAULT_PARTS);
        assert_eq!(texts(constant(BUILDER, "DEFAULT_KNOBS")), DEFAULT_KNOBS);
        assert!(BUILDER_PAGE.contains(&format!("placeholder=\"{}\"", DEFAULT_KNOBS.join(", "))));
        assert_eq!(texts(constant(EMBED, "VIEW_OPTIONS")), VIEW_OPTIONS[1..]);
        assert_eq!(VIEW_OPTIONS[0], "embed");
        for part in PARTS {
            let checked = if DEFAULT_PARTS.contains(&part) { " checked" } else { "" };
            // The page has another word for what the option calls knobs.
            let name = if part == "knobs" { "controls" } else { part };
            let option = format!("name=\"show\" value=\"{part}\"{checked}> {name}</label>");
            assert!(BUILDER_PAGE.contains(&option), "{option}");
        }
        assert!(DEFAULT_PARTS.iter().all(|part| PARTS.contains(part)));
        assert!(DEFAULT_KNOBS.iter().all(|key| setting(key).is_some()));
    }

    #[test]
    fn both_ends_of_a_frame_speak_one_protocol() {
        for name in ["SOURCE", "VERSION", "LONGEST"] {
            assert_eq!(constant(EMBED, name), constant(FRAME, name), "{name}");
        }
        assert_eq!(function(EMBED, "isMessage"), function(FRAME, "isMessage"));
        let message = format!("{{ source: {}, v: {}, ", constant(FRAME, "SOURCE"), constant(FRAME, "VERSION"));
        assert!(BUILDER.contains(&message), "{message}");
    }

    #[test]
    fn values_are_escaped_as_the_fixture_says() {
        let rows = include_str!("../../tests/fixtures/link-escapes.tsv");
        for row in rows.lines().skip(1) {
            let (value, escaped) = row.split_once('\t').unwrap();
            let mut link = String::new();
            push_escaped(&mut link, value);
            assert_eq!(link, escaped, "{value}");
        }
        assert!(rows.lines().count() > 20);
    }

    #[test]
    fn both_scripts_escape_values_alike() {
        assert_eq!(function(EMBED, "escaped"), function(BUILDER, "escaped"));
    }
}
