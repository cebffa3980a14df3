//! The widths of lines in sources, style sheets and documents.

use crate::paths;
use anyhow::{Result, bail};
use std::path::Path;

/// The widest line of comments, which are prose and read best in narrow columns.
const COMMENT: usize = 100;
/// The widest line of anything else; rustfmt.toml has the same for code.
const LINE: usize = 120;
const MARKDOWN: &str = "md";
const SOURCES: [&str; 4] = ["rs", "mjs", "js", "css"];

/// Checks the lines of all sources and Markdown documents.
///
/// # Errors
/// Naming each line that is too wide, with its width.
pub fn check() -> Result<()> {
    let mut wide = Vec::new();
    for file in paths::files(paths::root(), &[&SOURCES[..], &[MARKDOWN]].concat())? {
        let name = file.strip_prefix(paths::root()).unwrap_or(&file);
        let text = std::fs::read_to_string(&file)?;
        wide.extend(too_wide(name, &text).iter().map(|line| format!("{}:{line}", name.display())));
    }
    if !wide.is_empty() {
        bail!("{} lines are too wide (file:line: width > limit):\n  {}", wide.len(), wide.join("\n  "));
    }
    Ok(())
}

/// Returns `line: width > limit` for each line of a file that is too wide.
fn too_wide(name: &Path, text: &str) -> Vec<String> {
    let markdown = name.extension().is_some_and(|extension| extension == MARKDOWN);
    let rust = name.extension().is_some_and(|extension| extension == "rs");
    let mut block = Block::default();
    let lines = text.lines().enumerate().filter_map(|(index, line)| {
        let (width, limit) = match markdown {
            true => (markdown_width(line, block.is_code(line)), LINE),
            false => source_width(line, !rust && block.is_comment(line)),
        };
        (width > limit).then(|| format!("{}: {width} > {limit}", index + 1))
    });
    lines.collect()
}

/// The block of several lines that the current line may be part of.
#[derive(Default)]
struct Block {
    inside: bool,
}

impl Block {
    /// Whether the line is part of a comment between `/*` and `*/`. Rust sources have none.
    fn is_comment(&mut self, line: &str) -> bool {
        let starts = line.trim_start().starts_with("/*");
        let comment = self.inside || starts;
        self.inside = comment && !line.contains("*/");
        comment
    }

    /// Whether the line is part of a fenced code block.
    fn is_code(&mut self, line: &str) -> bool {
        let fence = line.trim_start().starts_with("```");
        self.inside ^= fence;
        self.inside || fence
    }
}

/// The width of a source line and its limit. A table row, or a URL at the end, cannot be broken.
fn source_width(line: &str, in_comment: bool) -> (usize, usize) {
    let text = line.trim_start();
    if !in_comment && !text.starts_with("//") {
        return (columns(line), LINE);
    }
    let prose = text.trim_start_matches(['/', '!', '*']).trim_start();
    if prose.starts_with('|') {
        return (0, COMMENT);
    }
    let (before, last) = line.trim_end().rsplit_once(' ').unwrap_or(("", line));
    (columns(if last.contains("://") { before } else { line }), COMMENT)
}

/// The width of a Markdown line without the targets of its links. Code and table rows count as
/// empty.
fn markdown_width(line: &str, code: bool) -> usize {
    if code || line.trim_start().starts_with('|') {
        return 0;
    }
    let mut parts = line.split("](");
    let text = parts.next().map_or(0, columns);
    let rest = parts.map(|part| columns(part.split_once(')').map_or("", |(_, text)| text)) + "]()".len());
    let targets = line.split_whitespace().filter(|word| word.contains("://") && !word.contains("]("));
    (text + rest.sum::<usize>()).saturating_sub(targets.map(columns).sum())
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(name: &str, lines: &[&str]) -> Vec<String> {
        too_wide(Path::new(name), &lines.join("\n"))
    }

    fn x(count: usize) -> String {
        "é".repeat(count)
    }

    #[test]
    fn code_may_be_wider_than_comments() {
        let lines =
            [x(120), x(121), format!("    // {}", x(93)), format!("    // {}", x(94)), format!("/// {}", x(97))];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(widths("a.rs", &lines), ["2: 121 > 120", "4: 101 > 100", "5: 101 > 100"]);
    }

    #[test]
    fn comments_of_scripts_and_style_sheets_may_span_lines() {
        let long = x(101);
        assert_eq!(widths("a.css", &["/* a", &long, "b */", &long]), ["2: 101 > 100"]);
        assert_eq!(widths("a.mjs", &["/* a */", &long]), [""; 0]);
        assert_eq!(widths("a.rs", &["/* a", &long]), [""; 0]);
    }

    #[test]
    fn urls_and_tables_in_comments_are_not_broken() {
        let url = format!("// See https://example.org/{}", x(100));
        let table = format!("//! | a | {} |", x(130));
        let prose = format!("// See https://example.org/{} for more", x(100));
        assert_eq!(widths("a.rs", &[&url, &table, &prose]), ["3: 136 > 100"]);
    }

    #[test]
    fn code_links_and_tables_in_markdown_are_not_broken() {
        let long = x(121);
        let table = format!("| {long} |");
        let link = format!("[text]({long}) and <https://{long}>");
        let named = format!("[{long}](target)");
        let lines = ["```sh", &long, "```", &table, &link, &named, &long];
        assert_eq!(widths("a.md", &lines), ["6: 125 > 120", "7: 121 > 120"]);
    }
}
