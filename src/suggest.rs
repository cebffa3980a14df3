//! Suggestions for misspelt names.

use strsim::generic_levenshtein;

/// Characters of a name, at most: a longer text is not a misspelt name.
const LONGEST: usize = 48;

/// Returns the one of `names` that is nearest to `text`, if one is near.
///
/// Near are names that differ in few letters; failing that, the only name that contains the text or
/// is contained in it. Case is ignored, and `-`, ` ` and `_` are equal.
pub(crate) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let text: Vec<char> = text.trim().chars().take(LONGEST + 1).map(plain).collect();
    if text.len() < 2 || text.len() > LONGEST {
        return None;
    }
    let distance = |name: &str| generic_levenshtein(&text, &name.chars().map(plain).collect::<Vec<char>>());
    let allowed = 1 + text.len() / 5;
    let nearest = names.clone().map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance);
    if let Some((_, name)) = nearest.filter(|(distance, _)| *distance <= allowed) {
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
    fn misspelt_longer_and_shorter_names_are_found() {
        assert_eq!(near("max_batchsize"), Some("max_batch_size"));
        assert_eq!(near("Max-Num-Token"), Some("max_num_tokens"));
        assert_eq!(near("kv_cache_free_gpu_memory_fraction"), Some("free_gpu_memory_fraction"));
        assert_eq!(near("tp"), Some("tp_size"));
    }

    #[test]
    fn a_text_near_no_name_or_two_gives_no_suggestion() {
        assert_eq!(near("colour"), None);
        assert_eq!(near("max"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"tp_size".repeat(50)), None);
    }

    #[test]
    fn distances_are_counted_in_letters() {
        let near = |text: &str, name: &'static str| nearest(text, [name].into_iter()) == Some(name);
        assert!(!near("kitten", "sitting"), "3 letters differ and 2 of 6 may");
        assert!(near("größe", "grösse") && near("kittens", "sittins"), "2 letters differ");
        assert!(!near("größe", "grossen"), "4 letters differ and 2 of 5 may");
    }
}
