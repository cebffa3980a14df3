//! Options of the LLM API as a tree, formatted as YAML for `trtllm-serve` or as arguments for
//! Python.

/// The value of an option.
pub(super) enum Value {
    /// A number.
    Number(String),
    /// A text.
    Text(String),
    /// A bool.
    Switch(bool),
    /// Whole numbers.
    List(Vec<u64>),
    /// Null, for an option with another default.
    Nothing,
    /// Options of a class of the LLM API.
    Group {
        /// The class, as Python names it.
        class: &'static str,
        /// Its options.
        options: Options,
    },
}

/// Options in their order.
#[derive(Default)]
pub(super) struct Options(Vec<(&'static str, Value)>);

impl Options {
    /// Adds a number.
    pub(super) fn number(&mut self, key: &'static str, value: impl ToString) {
        self.0.push((key, Value::Number(value.to_string())));
    }

    /// Adds a number, if there is one.
    pub(super) fn optional(&mut self, key: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.number(key, value);
        }
    }

    /// Adds a number above one; most defaults are zero or one.
    pub(super) fn several(&mut self, key: &'static str, value: u64) {
        if value > 1 {
            self.number(key, value);
        }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, key: &'static str, value: impl Into<String>) {
        self.0.push((key, Value::Text(value.into())));
    }

    /// Adds a bool, if it is set.
    pub(super) fn switch(&mut self, key: &'static str, value: Option<bool>) {
        if let Some(value) = value {
            self.0.push((key, Value::Switch(value)));
        }
    }

    /// Adds whole numbers, if there are any.
    pub(super) fn list(&mut self, key: &'static str, values: &[u64]) {
        if !values.is_empty() {
            self.0.push((key, Value::List(values.to_vec())));
        }
    }

    /// Adds a null.
    pub(super) fn nothing(&mut self, key: &'static str) {
        self.0.push((key, Value::Nothing));
    }

    /// Adds a group, if it has any options.
    pub(super) fn group(&mut self, key: &'static str, class: &'static str, options: Options) {
        if !options.is_empty() {
            self.0.push((key, Value::Group { class, options }));
        }
    }

    /// Whether there are no options.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The classes of the groups in their order.
    pub(super) fn classes(&self) -> Vec<&'static str> {
        let mut classes = Vec::new();
        for (_, value) in &self.0 {
            if let Value::Group { class, options } = value {
                classes.extend(Some(*class).filter(|class| *class != "dict"));
                classes.extend(options.classes());
            }
        }
        classes
    }

    /// Formats the options as YAML.
    pub(super) fn yaml(&self) -> String {
        let mut text = String::new();
        self.write_yaml(&mut text, 0);
        text
    }

    fn write_yaml(&self, text: &mut String, indent: usize) {
        for (key, value) in &self.0 {
            let start = format!("{:indent$}{key}:", "");
            match value {
                Value::Group { options, .. } => {
                    text.push_str(&format!("{start}\n"));
                    options.write_yaml(text, indent + 2);
                }
                value => text.push_str(&format!("{start} {}\n", value.scalar(["true", "false", "null"]))),
            }
        }
    }

    /// Formats the options as keyword arguments of Python, one a line.
    pub(super) fn python(&self, indent: usize) -> String {
        let lines = self.0.iter().map(|(key, value)| match value {
            Value::Group { class, options } => {
                format!("{:indent$}{key}={class}(\n{}{:indent$}),\n", "", options.python(indent + 4), "")
            }
            value => format!("{:indent$}{key}={},\n", "", value.scalar(["True", "False", "None"])),
        });
        lines.collect()
    }
}

impl Value {
    fn scalar(&self, [yes, no, nothing]: [&str; 3]) -> String {
        match self {
            Value::Number(number) => number.clone(),
            Value::Text(text) => literal(text),
            Value::Switch(on) => (if *on { yes } else { no }).to_string(),
            Value::List(numbers) => format!("{numbers:?}"),
            Value::Nothing | Value::Group { .. } => nothing.to_string(),
        }
    }
}

/// A text in double quotes that JSON, YAML and Python all parse alike.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
