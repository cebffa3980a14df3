//! Comma-separated values with quoted fields (RFC 4180), no more than the tables of measurements need.
#![cfg(not(target_arch = "wasm32"))]

/// The fields of each record, with the line on which it begins. A quoted field may hold commas, doubled quotes and line ends.
pub(super) fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut records = Vec::new();
    let mut fields = vec![String::new()];
    let (mut line, mut begins, mut quoted) = (1, 1, false);
    let mut letters = text.chars().peekable();
    let mut finish = |fields: &mut Vec<String>, begins: usize| {
        let record = std::mem::replace(fields, vec![String::new()]);
        if record.iter().any(|field| !field.trim().is_empty()) {
            records.push((begins, record));
        }
    };
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\n' if !quoted => {
                finish(&mut fields, begins);
                begins = line;
            }
            '\r' if !quoted => {}
            _ => push(&mut fields, letter),
        }
    }
    finish(&mut fields, begins);
    records
}

fn push(fields: &mut [String], letter: char) {
    if let Some(field) = fields.last_mut() {
        field.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_quotes_and_line_ends() {
        let read = records("a,b\r\n\"1,2\",\"say \"\"so\"\"\nand\"\n\n3,\n");
        assert_eq!(read[0], (1, vec!["a".into(), "b".into()]));
        assert_eq!(read[1], (2, vec!["1,2".into(), "say \"so\"\nand".into()]));
        assert_eq!(read[2], (5, vec!["3".into(), String::new()]));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn an_open_quote_runs_to_the_end() {
        assert_eq!(records("a,\"b,c\nd"), [(1, vec!["a".to_string(), "b,c\nd".to_string()])]);
        assert!(records("").is_empty());
    }
}
