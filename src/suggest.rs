//! The name that a person probably meant.

/// Longer texts are no misspelt name.
const LONGEST: usize = 48;

/// Of `names`, the one nearest to `text`: a slip of few letters, or the only one that contains the text or that it
/// contains. Upper and lower case are alike, and so are `-`, ` ` and `_`.
pub fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let text: Vec<char> = text.trim().chars().take(LONGEST + 1).map(plain).collect();
    if text.len() < 2 || text.len() > LONGEST {
        return None;
    }
    let slips = |name: &str| distance(&text, &name.chars().map(plain).collect::<Vec<char>>());
    let allowed = 1 + text.len() / 5;
    let misspelt = names.clone().map(|name| (slips(name), name)).min_by_key(|(slips, _)| *slips);
    if let Some((_, name)) = misspelt.filter(|(slips, _)| *slips <= allowed) {
        return Some(name);
    }
    let text: String = text.into_iter().collect();
    let mut related = names.filter(|name| name.contains(&text) || text.contains(name));
    related.next().filter(|_| related.next().is_none())
}

fn plain(letter: char) -> char {
    match letter {
        '-' | ' ' => '_',
        other => other.to_ascii_lowercase(),
    }
}

/// Letters to insert, drop or replace to make `b` of `a` (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NAMES: [&str; 5] = ["tp_size", "pp_size", "max_batch_size", "max_num_tokens", "free_gpu_memory_fraction"];

    fn near(text: &str) -> Option<&'static str> {
        nearest(text, NAMES.into_iter())
    }

    #[test]
    fn slips_and_longer_or_shorter_names_are_understood() {
        assert_eq!(near("max_batchsize"), Some("max_batch_size"));
        assert_eq!(near("Max-Num-Token"), Some("max_num_tokens"));
        assert_eq!(near("kv_cache_free_gpu_memory_fraction"), Some("free_gpu_memory_fraction"));
        assert_eq!(near("tp"), Some("tp_size"));
    }

    #[test]
    fn what_is_near_nothing_or_two_names_is_not_guessed() {
        assert_eq!(near("colour"), None);
        assert_eq!(near("max"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"tp_size".repeat(50)), None);
    }

    #[test]
    fn distances_are_counted_in_letters() {
        let count = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("größe", "grösse"), 2);
    }
}
