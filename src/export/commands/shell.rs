//! Commands of a POSIX shell, with one argument a line if they are long.

/// Columns of a command on one line, at most.
const WIDTH: usize = 100;

/// A command and its arguments.
pub(super) struct Line {
    program: String,
    arguments: Vec<String>,
}

impl Line {
    /// A command without arguments. `program` is not quoted.
    pub(super) fn new(program: impl Into<String>) -> Line {
        Line { program: program.into(), arguments: Vec::new() }
    }

    /// Adds an argument.
    pub(super) fn value(mut self, value: &str) -> Line {
        self.arguments.push(word(value));
        self
    }

    /// Adds a flag with its value.
    pub(super) fn flag(mut self, flag: &str, value: impl ToString) -> Line {
        self.arguments.push(format!("{flag} {}", word(&value.to_string())));
        self
    }

    /// Adds a flag with its value, if there is a value.
    pub(super) fn optional(self, flag: &str, value: Option<impl ToString>) -> Line {
        match value {
            Some(value) => self.flag(flag, value),
            None => self,
        }
    }

    /// Adds a flag with its value, if a condition holds.
    pub(super) fn flag_if(self, condition: bool, flag: &str, value: impl ToString) -> Line {
        if condition { self.flag(flag, value) } else { self }
    }

    /// Adds a flag without a value, if a condition holds.
    pub(super) fn switch_if(mut self, condition: bool, flag: &str) -> Line {
        if condition {
            self.arguments.push(flag.to_string());
        }
        self
    }

    /// The text, which ends with a line feed.
    pub(super) fn text(self) -> String {
        let short = format!("{} {}", self.program, self.arguments.join(" "));
        if short.len() <= WIDTH {
            return short.trim_end().to_string() + "\n";
        }
        format!("{} \\\n    {}\n", self.program, self.arguments.join(" \\\n    "))
    }
}

/// Returns `value` as one word of a shell that no program parses as an option.
///
/// A value such as `--help` gets the prefix `./`. argparse rejects it even as the value of a flag,
/// and `--` does not help: the command group of `trtllm-serve` removes it.
fn word(value: &str) -> String {
    if value.starts_with('-') { quoted(&format!("./{value}")) } else { quoted(value) }
}

/// Returns `text` as one word of a shell, without NUL bytes, which no argument can hold.
fn quoted(text: &str) -> String {
    shlex::try_quote(&text.replace('\0', "")).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn words_with_special_characters_are_quoted() {
        assert_eq!(
            Line::new("echo").value("a b").flag("--x", "it's $HOME").text(),
            "echo 'a b' --x \"it's \"'$HOME'\n"
        );
        assert_eq!(Line::new("ls").text(), "ls\n");
    }

    #[test]
    fn values_are_never_options() {
        assert_eq!(Line::new("serve").value("--help").flag("--dir", "-x y").text(), "serve ./--help --dir './-x y'\n");
        assert_eq!(Line::new("serve").value("a--help").text(), "serve a--help\n");
    }

    #[test]
    fn a_shell_reads_back_the_words_that_were_quoted() {
        for word in ["", "meta-llama/Llama-3.1-8B", "a b", "it's $HOME", "{a,b}", "`x`\"\\", "größe", "~", "a\nb", "!!"]
        {
            let line = Line::new("echo").value(word).text();
            assert_eq!(shlex::split(&line), Some(vec!["echo".into(), word.into()]), "{line}");
        }
        assert_eq!(Line::new("echo").value("a\0b").text(), "echo ab\n");
    }

    #[test]
    fn long_commands_have_a_line_for_each_argument() {
        let long = Line::new("build").flag("--first", "x".repeat(60)).flag("--second", "y".repeat(60)).text();
        assert_eq!(long.lines().count(), 3);
        assert!(long.lines().take(2).all(|line| line.ends_with(" \\")));
    }
}
