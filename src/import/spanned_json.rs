//! A parser of JSON that keeps the line of every value, so that messages can state it.
//!
//! It is not `serde_json`, which has neither the lines of values nor `NaN` and `Infinity`. Python
//! writes those as numbers, so they are accepted; each reader decides how to treat them.

use super::report::ReadError;
use crate::text::{QUOTED, shortened};
use std::borrow::Cow;

/// The deepest permitted nesting of objects and lists.
const DEEPEST: usize = 64;

/// A value, with the line on which it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// The line of the file, from 1.
    pub line: u32,
    /// The value.
    pub value: Value<'a>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number. It is not finite for `NaN`, `Infinity` and numbers that are too large.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object; a key may occur more than once.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The last member with this key, which is the one that Python uses.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.members().iter().rev().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// The members of an object; empty for any other value.
    pub fn members(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; empty for any other value.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The string; `None` for any other value.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number; `None` for any other value and for numbers that are not finite.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) if number.is_finite() => Some(number),
            _ => None,
        }
    }

    /// The whole number; `None` for any other value and for numbers that an `f64` does not
    /// represent exactly.
    pub fn whole(&self) -> Option<u64> {
        self.number().filter(|n| n.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(n)).map(|n| n as u64)
    }

    /// The boolean; `None` for any other value.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether the value is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The value, shortened for a message.
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

/// A text of a file, shortened for a message and without control characters.
pub fn shorten(text: &str) -> String {
    shortened(text, QUOTED).replace(char::is_control, " ")
}

/// Parses a file's text.
///
/// # Errors
/// If the text is not JSON. The error has the line.
pub fn parse(text: &str) -> Result<Node<'_>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { text, at: 0, line: 1 };
    let node = parser.value(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.error("expected the end of the file"));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Parser<'a> {
    fn error(&self, expectation: &str) -> ReadError {
        let rest = self.text.get(self.at..).unwrap_or("");
        let found = if rest.is_empty() {
            "the end of the file".to_string()
        } else {
            format!("{:?}", shorten(rest.lines().next().unwrap_or("")))
        };
        ReadError::at(self.line, "", format!("Invalid JSON: {expectation}, found {found}."))
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
            return Err(ReadError::at(line, "", format!("Invalid JSON: nested more than {DEEPEST} levels deep.")));
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
            _ => return Err(self.error("expected a value")),
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
            Err(_) => Err(self.error("expected a number")),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.at += 1;
        let start = self.at;
        let mut text: Option<String> = None;
        let mut kept = start;
        loop {
            let Some(byte) = self.peek() else { return Err(self.error("expected a closing quote")) };
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
                b'\n' => return Err(self.error("expected a closing quote on the same line")),
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
                let Some(code) = digits else { return Err(self.error("expected four hexadecimal digits after \\u")) };
                self.at += 4;
                // Half of a surrogate pair is not a character, like any other invalid code point.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 1;
                return Err(self.error("expected an escape sequence after \\"));
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
                return Err(self.error("expected , or ]"));
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
                return Err(self.error("expected a key in quotes"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(":") {
                return Err(self.error("expected : after the key"));
            }
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            if !self.take(",") {
                return Err(self.error("expected , or }"));
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
    fn values_have_their_lines() {
        let node = parse("{\n \"a\": [1, -2.5e3,\n  \"x\\u0041\\n\"],\n \"b\": null, \"b\": true\n}\n").unwrap();
        let list = node.get("a").unwrap();
        assert_eq!((list.line, list.items()[2].line, list.items()[2].text()), (2, 3, Some("xA\n")));
        assert_eq!(list.items()[1].number(), Some(-2500.0));
        assert_eq!(node.get("b").unwrap().bool(), Some(true));
    }

    #[test]
    fn invalid_json_is_an_error_with_its_line() {
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
        assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("64 levels deep"));
    }

    #[test]
    fn numbers_that_python_writes_are_parsed_and_are_not_whole() {
        let node = parse("[NaN, Infinity, -Infinity, 1e400, 1e30, -1, 7]").unwrap();
        let whole: Vec<Option<u64>> = node.items().iter().map(Node::whole).collect();
        assert_eq!(whole, [None, None, None, None, None, None, Some(7)]);
    }
}
