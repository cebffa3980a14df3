//! What mail programs, chats, word processors and Markdown do to a link, undone.
//!
//! What can stand in no link is taken out of it before anything else. The rest is tried only where a key or a value is not
//! understood as it is written, so that nothing which has a meaning gets another one.

use crate::deployment::{Deployment, FIELDS, Field, field};
use crate::link::{COMPARE_KEY, LONGEST, VERSION_KEY, VIEW_OPTIONS, parts};
use crate::suggest::nearest;
use form_urlencoded::parse;

/// A link within a link within a link is looked for so deep.
const MOST_WRAPPINGS: usize = 4;
/// Things may be done several times over, but not for ever.
const MOST_TIMES: usize = 4;
/// How HTML writes what stands between pairs, and within one.
const ENTITIES: [(&str, &str); 5] = [("&amp;", "&"), ("&#38;", "&"), ("&#x26;", "&"), ("&#61;", "="), ("&#x3D;", "=")];

/// What begins a link of the calculator's own, which never ends in punctuation.
const OWN: &str = "v=1&";

/// The pairs of a link in their order, those of the query first; none where it is too long.
pub(in crate::link) fn pairs(link: &str) -> Vec<(String, String)> {
    let mut link = link.to_string();
    for _ in 0..MOST_WRAPPINGS {
        if link.len() > LONGEST {
            break;
        }
        let pairs = pairs_of(&link);
        // A mail program that guards its reader makes the link a value of one of its own.
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
    // Behind a `?` or a `=` it belongs to a link within the link.
    if let Some((path, fragment)) = link.split_once("%23").filter(|(path, _)| !path.contains(['#', '?', '='])) {
        link = format!("{path}#{fragment}");
    }
    let (query, fragment) = parts(link.trim().trim_end_matches('#'));
    let (query, fragment) = (whole(query), whole(fragment));
    let from_query = parse(query.as_bytes()).filter(|(key, _)| !VIEW_OPTIONS.contains(&key.trim()));
    let pairs = from_query.chain(parse(fragment.as_bytes()));
    let mended = pairs.map(|(key, value)| {
        let (written, value) = (seen(&key), seen(&value));
        let key = key_of(&written);
        (if is_known(&key) { key } else { written.trim().to_string() }, value)
    });
    mended.collect()
}

/// Whether a key means something.
fn is_known(key: &str) -> bool {
    key == VERSION_KEY || key == COMPARE_KEY || field(key).is_some()
}

/// Reads a value that the field doesn't understand as it is written; says whether it could.
pub(in crate::link) fn read(field: &Field, deployment: &mut Deployment, value: &str) -> bool {
    values(value).iter().any(|value| field.read(deployment, value).is_ok())
}

/// A small number.
pub(in crate::link) fn number(value: &str) -> Option<u32> {
    values(value)[1].parse().ok()
}

/// Whether a pair is punctuation of the text around the link.
pub(in crate::link) fn says_nothing(key: &str, value: &str) -> bool {
    key.chars().chain(value.chars()).all(is_punctuation)
}

/// What is said of a problem.
pub(in crate::link) fn said(message: impl FnOnce() -> String) -> String {
    message()
}

/// The end of a sentence about an unknown key, with the one that was probably meant.
pub(in crate::link) fn meant(key: &str) -> String {
    let meant = nearest(key, FIELDS.iter().map(|field| field.key));
    meant.map_or_else(|| ".".into(), |name| format!("; did you mean {name}?"))
}

/// A link, or its query or fragment, without what was done to all of it: line breaks of mails, HTML's entities, escapes.
fn whole(text: &str) -> String {
    let mut text = text.to_string();
    for _ in 0..MOST_TIMES {
        // Quoted-printable ends a line with `=`, and writes `=3D` for it.
        text = seen(&text.replace("=\r\n", "").replace("=\n", ""));
        if text.contains("v=3D") {
            text = text.replace("=3D", "=");
        }
        while let Some((written, meant)) = ENTITIES.iter().find(|(written, _)| text.contains(written)) {
            text = text.replace(written, meant);
        }
        // A link with `=` is not escaped as a whole, though its values may be.
        if text.contains('=') || !text.contains('%') {
            break;
        }
        text = unescaped(&text);
    }
    if text.contains(OWN) {
        text.truncate(text.trim_end_matches(is_punctuation).len());
    }
    text
}

/// A text with its percent escapes read.
fn unescaped(text: &str) -> String {
    // Of a form's pairs this is one, which is a key alone.
    let one = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    parse(one.as_bytes()).next().map_or(String::new(), |(text, _)| text.into_owned())
}

/// A text without what nobody sees in it, and without the backslashes of Markdown.
fn seen(text: &str) -> String {
    let unseen = |c: char| {
        matches!(c, '\0'..='\x1f' | '\\' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(|c| !unseen(*c)).collect()
}

/// The key that was meant: without spaces, and without whatever is no letter or digit before and behind it.
fn key_of(key: &str) -> String {
    let joined: String = key.split_whitespace().collect();
    joined.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_string()
}

/// The values that may have been meant by one that is not understood, the likelier first: escaped once less, in one piece, without
/// the punctuation and the quotes around it. Stars may belong to a value.
fn values(value: &str) -> [String; 2] {
    let typed = |c: char| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '<' | '>' => None,
        c => Some(c).filter(|c| !c.is_whitespace()),
    };
    let joined: String = unescaped(value).chars().filter_map(typed).collect();
    let without = joined.trim_matches(is_punctuation);
    [joined.trim_matches(|c| c != '*' && is_punctuation(c)).to_string(), without.to_string()]
}

/// Whether a character can stand around a link in a text, and belongs to the text.
fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || "<>()[]{}\"'`*_.,:;!?|/".contains(c)
        || matches!(c, '\u{a0}'..='\u{bf}' | '\u{2018}'..='\u{203a}' | '\u{3000}'..='\u{301f}')
        || matches!(c, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}')
}
