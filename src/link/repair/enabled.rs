//! The repair of damage by mail programs, chats, word processors and Markdown.
//!
//! Characters that no link contains are removed first. Further repairs are tried only on keys and
//! values that are invalid as they are, so that a valid part never changes its meaning.

use crate::deployment::{Deployment, SETTINGS, Setting, setting};
use crate::link::{COMPARE_KEY, LONGEST, TAB_KEY, VERSION_KEY, VIEW_OPTIONS, parts};
use crate::suggest::nearest;
use form_urlencoded::parse;

/// Links around a link that are unwrapped, at most.
const MOST_WRAPPINGS: usize = 4;
/// Repetitions of one kind of damage that are repaired, at most.
const MOST_TIMES: usize = 4;
/// HTML's entities for the separators of pairs, and of keys and values.
const ENTITIES: [(&str, &str); 5] = [("&amp;", "&"), ("&#38;", "&"), ("&#x26;", "&"), ("&#61;", "="), ("&#x3D;", "=")];

/// The start of a link that the calculator made. Such a link never ends in punctuation.
const OWN: [&str; 2] = ["v=1&", "v=2&"];

/// Parses the pairs of a link in their order, those of the query first; none if the link is too
/// long.
pub(in crate::link) fn pairs(link: &str) -> Vec<(String, String)> {
    let mut link = link.to_string();
    for _ in 0..MOST_WRAPPINGS {
        if link.len() > LONGEST {
            break;
        }
        let pairs = pairs_of(&link);
        // Mail programs with link protection make the link a value of their own link.
        let is_address = |value: &str| value.contains("://") || value.contains("%3A%2F%2F");
        let wrapped = pairs.iter().find(|(_, value)| is_address(value));
        match wrapped.filter(|_| pairs.iter().all(|(key, _)| key != COMPARE_KEY && !is_known(key))) {
            Some((_, inner)) => link = inner.clone(),
            None => return pairs,
        }
    }
    Vec::new()
}

fn pairs_of(link: &str) -> Vec<(String, String)> {
    let mut link = whole(link);
    // After a `?` or a `=`, an escaped `#` belongs to a link within the link.
    if let Some((path, fragment)) = link.split_once("%23").filter(|(path, _)| !path.contains(['#', '?', '='])) {
        link = format!("{path}#{fragment}");
    }
    let (query, fragment) = parts(link.trim().trim_end_matches('#'));
    let (query, fragment) = (whole(query), whole(fragment));
    let from_query = parse(query.as_bytes()).filter(|(key, _)| !VIEW_OPTIONS.contains(&key.trim()));
    let pairs = from_query.chain(parse(fragment.as_bytes()));
    let repaired = pairs.map(|(key, value)| {
        let (written, value) = (visible(&key), visible(&value));
        let key = key_of(&written);
        (if is_known(&key) { key } else { written.trim().to_string() }, value)
    });
    repaired.collect()
}

/// Whether a key is known.
fn is_known(key: &str) -> bool {
    key == VERSION_KEY || key == COMPARE_KEY || key == TAB_KEY || setting(key).is_some()
}

/// Parses a repaired form of a value that the field rejects. Returns whether one is valid.
pub(in crate::link) fn read(setting: &Setting, deployment: &mut Deployment, value: &str) -> bool {
    values(value).iter().any(|value| setting.read(deployment, value).is_ok())
}

/// Parses a small number, repaired if necessary.
pub(in crate::link) fn number(value: &str) -> Option<u32> {
    values(value)[1].parse().ok()
}

/// Whether a pair consists of punctuation, which belongs to the text around the link.
pub(in crate::link) fn is_blank(key: &str, value: &str) -> bool {
    key.chars().chain(value.chars()).all(is_punctuation)
}

/// Returns the message of a problem.
pub(in crate::link) fn problem_message(message: impl FnOnce() -> String) -> String {
    message()
}

/// Ends a sentence about an unknown key, with the key that was probably intended.
pub(in crate::link) fn suggestion(key: &str) -> String {
    let intended = nearest(key, SETTINGS.iter().map(|setting| setting.key));
    intended.map_or_else(|| ".".into(), |name| format!("; did you mean {name}?"))
}

/// Repairs damage to a whole link, query or fragment: line breaks of mails, HTML's entities,
/// escapes.
fn whole(text: &str) -> String {
    let mut text = text.to_string();
    for _ in 0..MOST_TIMES {
        // Quoted-printable ends a line with `=`, and encodes `=` as `=3D`.
        text = visible(&text.replace("=\r\n", "").replace("=\n", ""));
        if text.contains("v=3D") {
            text = text.replace("=3D", "=");
        }
        while let Some((entity, character)) = ENTITIES.iter().find(|(entity, _)| text.contains(entity)) {
            text = text.replace(entity, character);
        }
        // A link with `=` is not escaped as a whole, but its values may be.
        if text.contains('=') || !text.contains('%') {
            break;
        }
        text = unescaped(&text);
    }
    if OWN.iter().any(|start| text.contains(start)) {
        text.truncate(text.trim_end_matches(is_punctuation).len());
    }
    text
}

/// Decodes the percent escapes of a text.
fn unescaped(text: &str) -> String {
    // Escaped so that the parser of pairs takes the text for a single key.
    let one = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    parse(one.as_bytes()).next().map_or(String::new(), |(text, _)| text.into_owned())
}

/// Removes invisible characters, and the backslashes of Markdown.
fn visible(text: &str) -> String {
    let invisible = |c: char| {
        matches!(c, '\0'..='\x1f' | '\\' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(|c| !invisible(*c)).collect()
}

/// Repairs a key: removes spaces, and other characters than letters and digits around it.
fn key_of(key: &str) -> String {
    let joined: String = key.split_whitespace().collect();
    joined.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_string()
}

/// Repairs an invalid value: decodes its escapes, joins its parts, and removes punctuation and
/// quotes around it. Returns the likeliest repair first, in which stars may belong to the value.
fn values(value: &str) -> [String; 2] {
    let ascii = |c: char| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '<' | '>' => None,
        c => Some(c).filter(|c| !c.is_whitespace()),
    };
    let joined: String = unescaped(value).chars().filter_map(ascii).collect();
    let without = joined.trim_matches(is_punctuation);
    [joined.trim_matches(|c| c != '*' && is_punctuation(c)).to_string(), without.to_string()]
}

/// Whether a character can precede or follow a link in a text, as part of the text.
fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || "<>()[]{}\"'`*_.,:;!?|/".contains(c)
        || matches!(c, '\u{a0}'..='\u{bf}' | '\u{2018}'..='\u{203a}' | '\u{3000}'..='\u{301f}')
        || matches!(c, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}')
}
