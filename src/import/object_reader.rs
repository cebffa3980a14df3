//! An object of a configuration file, read field by field. It tracks the fields that were
//! requested, so that the others can be listed.

use super::report::{Item, ReadError, ReadReport};
use super::spanned_json::{Node, shorten};
use crate::units::grouped;

/// The largest number of ignored items in a report.
const MOST_IGNORED: usize = 64;

/// An object of a file, and the fields requested from it.
pub(super) struct ObjectReader<'a, 'n> {
    node: &'n Node<'a>,
    /// The prefix of field names, such as `text_config.`.
    path: &'static str,
    used: Vec<usize>,
    /// The values of fields that the object does not have.
    defaults: Option<&'n Node<'a>>,
    /// The fields read so far.
    pub report: ReadReport,
}

impl<'a, 'n> ObjectReader<'a, 'n> {
    /// A reader of an object. Messages prefix the names of its fields with `path`.
    pub(super) fn new(node: &'n Node<'a>, path: &'static str) -> ObjectReader<'a, 'n> {
        ObjectReader { node, path, used: Vec::new(), defaults: None, report: ReadReport::default() }
    }

    /// Takes the values of fields that the object does not have from `defaults`. A field that is
    /// null has none.
    pub(super) fn fall_back_to(&mut self, defaults: Option<&'n Node<'a>>) {
        self.defaults = defaults;
    }

    /// The first field of `names` that is present and not null. It counts as read.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<(String, &'n Node<'a>)> {
        for name in names {
            let members = self.node.members();
            let Some(at) = members.iter().rposition(|(known, node)| known == name && !node.is_null()) else { continue };
            if let Some(first) = members.iter().position(|(known, _)| known == name).filter(|first| *first != at)
                && !self.used.contains(&at)
            {
                let note = format!(
                    "given more than once, on lines {} and {}; the last one counts",
                    members[first].1.line, members[at].1.line
                );
                self.report.assumed.push(self.item(name, &members[at].1, note));
            }
            self.used.extend((0..members.len()).filter(|other| members[*other].0 == *name));
            return Some((format!("{}{name}", self.path), &members[at].1));
        }
        let defaults = self.defaults.filter(|_| names.iter().all(|name| self.node.get(name).is_none()))?;
        names.iter().find_map(|name| Some((format!("{}{name}", self.path), defaults.get(name)?)))
    }

    /// The whole number that a field has if the object does not have it.
    pub(super) fn default_of(&self, name: &str) -> Option<u64> {
        self.defaults.filter(|_| self.node.get(name).is_none())?.get(name)?.whole()
    }

    /// Whether a value is not the object's own.
    fn is_default(&self, node: &Node) -> bool {
        self.defaults.is_some_and(|defaults| defaults.members().iter().any(|(_, known)| std::ptr::eq(known, node)))
    }

    fn item(&self, name: &str, node: &Node, note: impl Into<String>) -> Item {
        Item {
            field: format!("{}{}", self.path, shorten(name)),
            line: Some(node.line),
            value: node.shown(),
            note: note.into(),
        }
    }

    fn note_read(&mut self, field: &str, node: &Node) {
        if self.is_default(node) {
            // What a class leaves out by default is not worth a line.
            if node.bool() != Some(false) && self.report.assumed.iter().all(|item| item.field != field) {
                self.report.assume(field, node.shown(), "not in the file; the default of the model's class");
            }
            return;
        }
        if !self.report.read.iter().any(|item| item.field == field) {
            self.report.read.push(Item {
                field: field.into(),
                line: Some(node.line),
                value: node.shown(),
                note: String::new(),
            });
        }
    }

    /// A whole number from `min` to `max`, from the first present field of `names`. A list of equal
    /// numbers, one for each layer, counts as that number.
    ///
    /// # Errors
    /// If the field is something else.
    pub(super) fn whole(&mut self, names: &[&str], min: u64, max: u64) -> Result<Option<u64>, ReadError> {
        let Some((field, node)) = self.take(names) else { return Ok(None) };
        let number = match node.items() {
            [first, rest @ ..] if rest.iter().all(|item| item.value == first.value) => first.whole(),
            _ => node.whole(),
        };
        match number.filter(|number| (min..=max).contains(number)) {
            Some(number) => {
                self.note_read(&field, node);
                Ok(Some(number))
            }
            None if self.is_default(node) => Ok(None),
            None => Err(ReadError::at(
                node.line,
                field,
                format!("Must be a whole number from {} to {}; it is {}.", grouped(min), grouped(max), node.shown()),
            )),
        }
    }

    /// A whole number from 1 to `max`, from the first present field of `names`; `None` for 0, which
    /// means that there is none.
    ///
    /// # Errors
    /// If the field is something else.
    pub(super) fn whole_or_none(&mut self, names: &[&str], max: u64) -> Result<Option<u64>, ReadError> {
        Ok(self.whole(names, 0, max)?.filter(|number| *number > 0))
    }

    /// A number above zero, from the first present field of `names`.
    ///
    /// # Errors
    /// If the field is something else.
    pub(super) fn positive(&mut self, names: &[&str]) -> Result<Option<f64>, ReadError> {
        let Some((field, node)) = self.take(names) else { return Ok(None) };
        match node.number().filter(|number| *number > 0.0) {
            Some(number) => {
                self.note_read(&field, node);
                Ok(Some(number))
            }
            None => Err(ReadError::at(node.line, field, format!("Must be a number above 0; it is {}.", node.shown()))),
        }
    }

    /// A boolean, from the first present field of `names`. 0 and 1 are accepted too.
    ///
    /// # Errors
    /// If the field is something else.
    pub(super) fn flag(&mut self, names: &[&str]) -> Result<Option<bool>, ReadError> {
        let Some((field, node)) = self.take(names) else { return Ok(None) };
        let answer = node.bool().or(match node.whole() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        });
        match answer {
            Some(answer) => {
                self.note_read(&field, node);
                Ok(Some(answer))
            }
            None => Err(ReadError::at(node.line, field, format!("Must be true or false; it is {}.", node.shown()))),
        }
    }

    /// A string, from the first present field of `names`; `None` if it is something else.
    pub(super) fn text(&mut self, names: &[&str]) -> Option<&'n str> {
        let (field, node) = self.take(names)?;
        let text = node.text()?;
        self.note_read(&field, node);
        Some(text)
    }

    /// The first present field of `names`, of any type.
    pub(super) fn node(&mut self, names: &[&str]) -> Option<&'n Node<'a>> {
        let (field, node) = self.take(names)?;
        self.note_read(&field, node);
        Some(node)
    }

    /// Ends reading and returns the report, with all fields that were not requested as ignored.
    /// `why` gives the reason, or an empty text if it is not known.
    pub(super) fn finish(mut self, why: impl Fn(&str) -> &'static str) -> ReadReport {
        for (at, (name, node)) in self.node.members().iter().enumerate() {
            if self.used.contains(&at) || self.report.ignored.len() >= MOST_IGNORED {
                continue;
            }
            let item = self.item(name, node, why(name));
            self.report.ignored.push(item);
        }
        self.report
    }
}
