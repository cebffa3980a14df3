//! Records of CSV files (RFC 4180), with the lines on which they begin.
#![cfg(not(target_arch = "wasm32"))]

use ::csv::ReaderBuilder;

/// Returns the fields of each record, with the line on which it begins. Blank records are left out.
pub(super) fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    // A text in memory is valid UTF-8 and flexible records may have any length, so that no record
    // fails.
    let records = reader.records().filter_map(Result::ok);
    let numbered = records.map(|record| {
        let line = record.position().map_or(0, |start| {
            // The reader's position precedes the line ends before the record.
            let rest = text.as_bytes().get(start.byte() as usize..).unwrap_or_default();
            let line_ends = rest.iter().take_while(|byte| b"\r\n".contains(byte)).filter(|byte| **byte == b'\n');
            start.line() as usize + line_ends.count()
        });
        (line, record.iter().map(str::to_string).collect::<Vec<String>>())
    });
    numbered.filter(|(_, fields)| fields.iter().any(|field| !field.trim().is_empty())).collect()
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
