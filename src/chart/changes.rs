//! The differences between two pictures with the same elements, so that the page updates only
//! these.

/// A difference between two markups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// A new value of an attribute.
    Attribute {
        /// The index of the element, counted from 0 in the order of the markup.
        element: usize,
        /// The name of the attribute.
        name: &'a str,
        /// Its new value.
        value: &'a str,
    },
    /// A new text of an element.
    Text {
        /// The index of the element.
        element: usize,
        /// Its new text.
        text: &'a str,
    },
}

/// Returns the changes from `before` to `now`; `None` if they do not have the same elements with
/// the same attributes. Each line of the markup is a tag or a text, as in the pictures.
///
/// ```
/// use trtllm_memory::chart::{Change, changes};
/// let before = "<g>\n<rect x=\"1\" y=\"2\"/>\n</g>";
/// let changed = changes(before, "<g>\n<rect x=\"1\" y=\"3\"/>\n</g>");
/// assert_eq!(changed, Some(vec![Change::Attribute { element: 1, name: "y", value: "3" }]));
/// assert_eq!(changes("<g/>", "<p/>"), None);
/// ```
pub fn changes<'a>(before: &str, now: &'a str) -> Option<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    let mut elements: usize = 0;
    let (mut lines, mut lines_before) = (now.lines(), before.lines());
    loop {
        let (line, was) = match (lines.next(), lines_before.next()) {
            (Some(line), Some(was)) => (line, was),
            (None, None) => return Some(changes),
            _ => return None,
        };
        let is_tag = line.starts_with('<');
        elements += usize::from(is_tag && !line.starts_with("</"));
        if line == was {
            continue;
        }
        let element = elements.checked_sub(1)?;
        if is_tag {
            attributes(&mut changes, element, was, line)?;
        } else if was.starts_with('<') || line.contains('&') {
            return None;
        } else {
            changes.push(Change::Text { element, text: line });
        }
    }
}

/// Adds the attributes that differ between two tags; `None` if the tags differ in anything else.
fn attributes<'a>(changes: &mut Vec<Change<'a>>, element: usize, was: &str, tag: &'a str) -> Option<()> {
    let (mut parts, mut parts_before) = (tag.split('"'), was.split('"'));
    loop {
        let name = match (parts.next(), parts_before.next()) {
            (Some(name), Some(was)) if name == was => name,
            (None, None) => return Some(()),
            _ => return None,
        };
        // Only the end of the tag follows the last attribute.
        let (Some(value), Some(was)) = (parts.next(), parts_before.next()) else {
            continue;
        };
        if value.contains('&') {
            return None;
        }
        if value != was {
            let name = name.rsplit(' ').next()?.trim_end_matches('=');
            changes.push(Change::Attribute { element, name, value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Theme, ranks};
    use crate::deployment::{BuildLimits, Deployment, Parallelism};
    use crate::memory::estimate;
    use crate::units::Units;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn picture(max_num_tokens: u64, tp_size: u64) -> String {
        let deployment = Deployment {
            limits: BuildLimits { max_num_tokens: Some(max_num_tokens), ..BuildLimits::default() },
            parallel: Parallelism { tp_size, ..Parallelism::default() },
            ..Deployment::default()
        };
        ranks(&estimate(&deployment).unwrap(), 400, &Theme::LIGHT, Units::Binary).svg
    }

    /// Applies changes to the markup `before`.
    fn changed(before: &str, changes: &[Change]) -> String {
        let mut element: usize = 0;
        let lines = before.lines().map(|line| {
            let is_tag = line.starts_with('<');
            element += usize::from(is_tag && !line.starts_with("</"));
            changes.iter().fold(line.to_string(), |line, change| match *change {
                Change::Attribute { element: of, name, value } if is_tag && of + 1 == element => {
                    let (start, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
                    format!("{start} {name}=\"{value}\"{}", &rest[rest.find('"').unwrap() + 1..])
                }
                Change::Text { element: of, text } if !is_tag && of + 1 == element => text.to_string(),
                _ => line,
            })
        });
        lines.map(|line| line + "\n").collect()
    }

    #[test]
    fn a_picture_with_its_changes_made_is_the_next_picture() {
        let before = picture(8192, 2);
        for tokens in [1, 4096, 8192, 16_384] {
            let now = picture(tokens, 2);
            let found = changes(&before, &now).unwrap();
            assert_eq!(found.is_empty(), before == now);
            assert_eq!(changed(&before, &found), now);
        }
    }

    #[test]
    fn pictures_of_other_shapes_are_told_apart() {
        assert_eq!(changes(&picture(8192, 1), &picture(8192, 2)), None);
        for (before, now) in [
            ("<g>\n</g>", "<g>"),
            ("<g a=\"1\"/>", "<g b=\"1\"/>"),
            ("<g a=\"1\"/>", "<h a=\"1\"/>"),
            ("<g a=\"1\"/>", "<g a=\"1\" b=\"2\"/>"),
            ("<g>\n<p>", "<g>\ntext"),
            ("<g>\ntext", "<g>\n<p>"),
            // Markup escapes characters that an attribute of an element does not.
            ("<g a=\"1\"/>", "<g a=\"&lt;\"/>"),
            ("<g>\na", "<g>\n&lt;"),
            ("text", "other text"),
        ] {
            assert_eq!(changes(before, now), None, "{before} {now}");
        }
    }
}
