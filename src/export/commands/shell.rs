//! A command of a POSIX shell, one argument a line where it is long.

/// Columns of a line.
const WIDTH: usize = 100;

/// A command and its arguments.
pub struct Line {
    program: String,
    arguments: Vec<String>,
}

impl Line {
    /// A command without arguments yet; `program` is written as it is.
    pub fn new(program: impl Into<String>) -> Line {
        Line { program: program.into(), arguments: Vec::new() }
    }

    /// Adds an argument.
    pub fn value(mut self, value: &str) -> Line {
        self.arguments.push(word(value));
        self
    }

    /// Adds a flag with its value.
    pub fn flag(mut self, flag: &str, value: impl ToString) -> Line {
        self.arguments.push(format!("{flag} {}", word(&value.to_string())));
        self
    }

    /// Adds a flag with its value, where there is one.
    pub fn optional(self, flag: &str, value: Option<impl ToString>) -> Line {
        match value {
            Some(value) => self.flag(flag, value),
            None => self,
        }
    }

    /// Adds a flag with its value, where a condition holds.
    pub fn flag_if(self, condition: bool, flag: &str, value: impl ToString) -> Line {
        if condition { self.flag(flag, value) } else { self }
    }

    /// Adds a flag without a value, where a condition holds.
    pub fn switch_if(mut self, condition: bool, flag: &str) -> Line {
        if condition {
            self.arguments.push(flag.to_string());
        }
        self
    }

    /// The text, with a new line at its end.
    pub fn text(self) -> String {
        let short = format!("{} {}", self.program, self.arguments.join(" "));
        if short.len() <= WIDTH {
            return short.trim_end().to_string() + "\n";
        }
        format!("{} \\\n    {}\n", self.program, self.arguments.join(" \\\n    "))
    }
}

/// A value as one word of a shell that no program takes for an option: neither `--help` as a folder nor as the value of a flag, which
/// argparse refuses. `--` would not do: the group of commands that `trtllm-serve` is takes it away.
fn word(value: &str) -> String {
    if value.starts_with('-') { quoted(&format!("./{value}")) } else { quoted(value) }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:,=+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_string()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn words_that_a_shell_would_read_are_quoted() {
        assert_eq!(
            Line::new("echo").value("a b").flag("--x", "it's $HOME").text(),
            "echo 'a b' --x 'it'\\''s $HOME'\n"
        );
        assert_eq!(Line::new("ls").text(), "ls\n");
    }

    #[test]
    fn values_are_never_options() {
        assert_eq!(Line::new("serve").value("--help").flag("--dir", "-x y").text(), "serve ./--help --dir './-x y'\n");
        assert_eq!(Line::new("serve").value("a--help").text(), "serve a--help\n");
    }

    #[test]
    fn long_commands_have_a_line_for_each_argument() {
        let long = Line::new("build").flag("--first", "x".repeat(60)).flag("--second", "y".repeat(60)).text();
        assert_eq!(long.lines().count(), 3);
        assert!(long.lines().take(2).all(|line| line.ends_with(" \\")));
    }
}
