//! The subjects of commits: at most 72 characters, in the imperative mood.

use crate::process;
use anyhow::{Context, Result, bail};

/// The last commit before the rule. Its ancestors are not checked, because history stays as it is.
const BASE: &str = "4ee8c43e0b2ef6cc5f8249a95c2c2ba128f0f2f0";
const WIDEST: usize = 72;
/// Verbs that end as other forms do.
const VERBS: [&str; 4] = ["Alias", "Bias", "Embed", "Focus"];
/// Words that start a statement or a noun phrase.
const NOT_VERBS: [&str; 26] = [
    "A", "All", "An", "Any", "Each", "Every", "He", "I", "It", "Its", "My", "No", "Our", "She", "Some", "That", "The",
    "Their", "There", "These", "They", "Those", "We", "What", "You", "Your",
];

/// Checks the commits since [`BASE`]. Skips them if git or the commit is missing, as in a shallow
/// clone or an unpacked archive.
///
/// # Errors
/// Naming each commit whose subject breaks the rule.
pub fn check() -> Result<()> {
    if process::output(&mut process::command("git", ["rev-parse", "--git-dir"])).is_none() {
        println!("   skipped: git is missing, or this is not a git repository");
        return Ok(());
    }
    if process::output(&mut process::command("git", ["cat-file", "-e", BASE])).is_none() {
        println!("   skipped: the history is incomplete; `git fetch --unshallow` completes it");
        return Ok(());
    }
    let arguments = ["log", "--format=%h %p%x09%s", "HEAD", "--not", BASE];
    let log = process::output(&mut process::command("git", arguments)).context("`git log` failed")?;
    let wrong: Vec<String> = log.lines().filter_map(fault).collect();
    if !wrong.is_empty() {
        bail!("commit subjects break the rules of CONTRIBUTING.md:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

/// Returns the fault of a commit, from a line with its hash, its parents, a tab and its subject.
fn fault(line: &str) -> Option<String> {
    let (hashes, subject) = line.split_once('\t')?;
    let merge = hashes.split(' ').count() > 2;
    let reason = fault_of_subject(subject, merge)?;
    Some(format!("{}: {reason}: {subject}", hashes.split(' ').next()?))
}

fn fault_of_subject(subject: &str, merge: bool) -> Option<String> {
    let width = subject.chars().count();
    let first = subject.split_whitespace().next().unwrap_or_default();
    if width > WIDEST {
        Some(format!("{width} characters instead of at most {WIDEST}"))
    } else if merge && subject.split([' ', '\'', '"']).any(is_machine_path) {
        Some("contains a path of a machine".to_owned())
    } else if !is_imperative(first) {
        Some(format!("`{first}` is not a capitalised verb in the imperative"))
    } else {
        None
    }
}

/// Whether a word may be a verb in the imperative. A list of verbs would never be complete, so
/// this rejects other forms: past tense, gerund, third person or plural, articles and pronouns.
fn is_imperative(word: &str) -> bool {
    let capitalised = word.starts_with(|c: char| c.is_ascii_uppercase());
    let plain = word.chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '-');
    let other_form = has_ending(word, "ed") && !word.ends_with("eed")
        || has_ending(word, "ing")
        || has_ending(word, "s") && !word.ends_with("ss");
    capitalised && plain && !NOT_VERBS.contains(&word) && (VERBS.contains(&word) || !other_form)
}

/// Whether the word has this ending after a stem. A stem has a vowel, unlike the start of "Bring".
fn has_ending(word: &str, ending: &str) -> bool {
    let stem = word.strip_suffix(ending).unwrap_or_default();
    stem.to_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// Whether the word is an absolute path with at least two parts.
fn is_machine_path(word: &str) -> bool {
    let unix = word.strip_prefix(['~', '/']).is_some_and(|rest| rest.contains('/'));
    let windows = word.chars().nth(1) == Some(':') && word.contains('\\');
    unix || windows || word.starts_with("file://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_in_the_imperative_are_accepted() {
        for verb in [
            "Add",
            "Address",
            "Bias",
            "Bring",
            "Build",
            "Check",
            "Embed",
            "Exceed",
            "Fix",
            "Focus",
            "Make",
            "Merge",
            "Pass",
            "Ping",
            "Process",
            "Read",
            "Re-export",
            "Revert",
            "Send",
            "Seed",
            "Shred",
            "Split",
            "Use",
        ] {
            assert!(is_imperative(verb), "{verb}");
        }
    }

    #[test]
    fn other_forms_are_rejected() {
        for word in [
            "A", "Added", "Adding", "Adds", "An", "Each", "It", "Leptos", "Moved", "Mixed", "Tests", "The", "Used",
            "Using", "We", "add", "core:", "`Live`", "",
        ] {
            assert!(!is_imperative(word), "{word}");
        }
    }

    #[test]
    fn a_subject_has_at_most_72_characters() {
        let subject = format!("Add {}", "é".repeat(68));
        assert_eq!(fault_of_subject(&subject, false), None);
        assert!(
            fault_of_subject(&format!("{subject}!"), false).is_some_and(|fault| fault.starts_with("73 characters"))
        );
    }

    #[test]
    fn a_merge_names_no_machine_path() {
        for subject in ["Merge branch 'names'", "Merge branch 'page/faults' into names"] {
            assert_eq!(fault_of_subject(subject, true), None, "{subject}");
        }
        for subject in
            ["Merge branch 'main' of /srv/git/calculator", "Merge ~/calculator/main", "Merge 'C:\\git\\calc'"]
        {
            assert!(fault_of_subject(subject, true).is_some(), "{subject}");
        }
    }

    #[test]
    fn a_fault_names_its_commit() {
        assert_eq!(fault("abc def\tAdd a check"), None);
        let fault = fault("abc def\tAdds a check").unwrap();
        assert_eq!(fault, "abc: `Adds` is not a capitalised verb in the imperative: Adds a check");
    }
}
