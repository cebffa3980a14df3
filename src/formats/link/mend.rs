//! What mail programs, chats, word processors and Markdown do to a link, undone.
//!
//! What can stand in no link is taken out of it before anything else. The rest is tried only where a key or a value is not
//! understood as it is written, so that nothing which has a meaning gets another one.

use form_urlencoded::parse;

/// Things may be done several times over, but not for ever.
const MOST_TIMES: usize = 4;
/// How HTML writes what stands between pairs, and within one.
const ENTITIES: [(&str, &str); 5] = [("&amp;", "&"), ("&#38;", "&"), ("&#x26;", "&"), ("&#61;", "="), ("&#x3D;", "=")];

/// What begins a link of the calculator's own, which never ends in punctuation.
const OWN: &str = "v=1&";

/// A link, or its query or fragment, without what was done to all of it: line breaks of mails, HTML's entities, escapes.
pub(super) fn whole(text: &str) -> String {
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
pub(super) fn seen(text: &str) -> String {
    let unseen = |c: char| {
        matches!(c, '\0'..='\x1f' | '\\' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(|c| !unseen(*c)).collect()
}

/// The key that was meant: without spaces, and without whatever is no letter or digit before and behind it.
pub(super) fn key(key: &str) -> String {
    let joined: String = key.split_whitespace().collect();
    joined.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_string()
}

/// The values that may have been meant by one that is not understood, the likelier first: escaped once less, in one piece, without
/// the punctuation and the quotes around it. Stars may belong to a value.
pub(super) fn values(value: &str) -> [String; 2] {
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
pub(super) fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || "<>()[]{}\"'`*_.,:;!?|/".contains(c)
        || matches!(c, '\u{a0}'..='\u{bf}' | '\u{2018}'..='\u{203a}' | '\u{3000}'..='\u{301f}')
        || matches!(c, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}')
}
