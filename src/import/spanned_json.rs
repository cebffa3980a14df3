//! JSON as it stands in other programs' files: every value knows its line, so that a message can name it.
//!
//! More is taken than JSON allows, because Python writes it: `NaN` and `Infinity` are numbers. What a reader makes of them
//! is its own matter.

use super::report::ReadError;
use crate::text::{QUOTED, shortened};
use std::borrow::Cow;

/// Objects and lists that stand within each other at most.
const DEEPEST: usize = 64;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// Line of the file, from 1.
    pub line: u32,
    /// What stands there.
    pub value: Value<'a>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; not finite where the file says `NaN` or `Infinity`, or more than fits.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object; a key may stand there more than once.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The last member with this key, as Python would take it.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.members().iter().rev().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is a finite one.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) if number.is_finite() => Some(number),
            _ => None,
        }
    }

    /// The whole number, where it is one that a `f64` holds exactly.
    pub fn whole(&self) -> Option<u64> {
        self.number().filter(|n| n.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(n)).map(|n| n as u64)
    }

    /// The answer, where it is one.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Whether it says nothing.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What stands there, short enough for a message.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Null => "null".into(),
            Value::Bool(answer) => answer.to_string(),
            Value::Number(number) if number.abs() < 1e16 => number.to_string(),
            Value::Number(number) => format!("{number:e}"),
            Value::Text(text) => shorten(text),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Object(members) => format!("an object of {}", members.len()),
        }
    }
}

/// A text of a file as it may stand in a message: cut where it is long, without control characters.
pub fn shorten(text: &str) -> String {
    shortened(text, QUOTED).replace(char::is_control, " ")
}

/// Parses a file's text.
///
/// # Errors
/// With the line where it stops being JSON.
pub fn parse(text: &str) -> Result<Node<'_>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { text, at: 0, line: 1 };
    let node = parser.value(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.wrong("the file ends here, but more follows"));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Parser<'a> {
    fn wrong(&self, message: &str) -> ReadError {
        let rest = self.text.get(self.at..).unwrap_or("");
        let found = if rest.is_empty() {
            "the end of the file".to_string()
        } else {
            format!("{:?}", shorten(rest.lines().next().unwrap_or("")))
        };
        ReadError::at(self.line, "", format!("This is no JSON: {message}; found {found}."))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => self.line = self.line.saturating_add(1),
                b' ' | b'\t' | b'\r' => {}
                _ => break,
            }
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, ReadError> {
        self.blanks();
        let line = self.line;
        if depth > DEEPEST {
            return Err(self.wrong("objects and lists stand within each other more than 64 deep"));
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.take("null") => Value::Null,
            _ if self.take("true") => Value::Bool(true),
            _ if self.take("false") => Value::Bool(false),
            _ if self.take("NaN") => Value::Number(f64::NAN),
            _ if self.take("Infinity") => Value::Number(f64::INFINITY),
            _ => return Err(self.wrong("a value should stand here")),
        };
        Ok(Node { line, value })
    }

    fn number(&mut self) -> Result<Value<'a>, ReadError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        if rest.starts_with("-Infinity") {
            self.at += "-Infinity".len();
            return Ok(Value::Number(f64::NEG_INFINITY));
        }
        let end = rest
            .bytes()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        match rest[..end].parse::<f64>() {
            Ok(number) => {
                self.at += end;
                Ok(Value::Number(number))
            }
            Err(_) => Err(self.wrong("a number should stand here")),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.at += 1;
        let start = self.at;
        let mut text: Option<String> = None;
        let mut kept = start;
        loop {
            let Some(byte) = self.peek() else { return Err(self.wrong("a text has no closing quote")) };
            match byte {
                b'"' => {
                    let last = self.text.get(kept..self.at).unwrap_or("");
                    self.at += 1;
                    return Ok(match text {
                        Some(text) => Cow::Owned(text + last),
                        None => Cow::Borrowed(last),
                    });
                }
                b'\\' => {
                    let mut all = text.unwrap_or_default();
                    all.push_str(self.text.get(kept..self.at).unwrap_or(""));
                    self.at += 1;
                    all.push(self.escape()?);
                    kept = self.at;
                    text = Some(all);
                }
                b'\n' => return Err(self.wrong("a text has no closing quote on its line")),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, ReadError> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'u') => {
                let digits =
                    self.text.get(self.at..self.at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(code) = digits else { return Err(self.wrong("four hexadecimal digits should follow \\u")) };
                self.at += 4;
                // Halves of surrogate pairs stand for themselves no more than other junk does.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 1;
                return Err(self.wrong("no escape begins like this"));
            }
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, ReadError> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(Value::List(items));
            }
            if !self.take(",") {
                return Err(self.wrong("a list goes on with , or ends with ]"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, ReadError> {
        self.at += 1;
        let mut members = Vec::new();
        self.blanks();
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes should stand here"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(":") {
                return Err(self.wrong("a colon should follow the key"));
            }
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            if !self.take(",") {
                return Err(self.wrong("an object goes on with , or ends with }"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn values_know_their_lines() {
        let node = parse("{\n \"a\": [1, -2.5e3,\n  \"x\\u0041\\n\"],\n \"b\": null, \"b\": true\n}\n").unwrap();
        let list = node.get("a").unwrap();
        assert_eq!((list.line, list.items()[2].line, list.items()[2].text()), (2, 3, Some("xA\n")));
        assert_eq!(list.items()[1].number(), Some(-2500.0));
        assert_eq!(node.get("b").unwrap().bool(), Some(true));
    }

    #[test]
    fn what_is_no_json_is_named_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("{\n\"a\": }", 2),
            ("{\"a\": 1,}", 1),
            ("{\"a\": 1} x", 1),
            ("[1\n\n2]", 3),
            ("\"open", 1),
            ("{\"a\" 1}", 1),
            ("\u{1F980}", 1),
            ("\"\\u12", 1),
            ("\"\\u\u{1F980}\u{1F980}\"", 1),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, Some(line), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("64 deep"));
    }

    #[test]
    fn numbers_that_python_writes_are_read_and_not_taken_for_whole_ones() {
        let node = parse("[NaN, Infinity, -Infinity, 1e400, 1e30, -1, 7]").unwrap();
        let whole: Vec<Option<u64>> = node.items().iter().map(Node::whole).collect();
        assert_eq!(whole, [None, None, None, None, None, None, Some(7)]);
    }
}
