//! Models that a typed text may mean.

use super::lineup::Place;
use super::{Architecture, models};

/// A model that a text may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suggestion {
    /// The model.
    pub model: &'static Architecture,
    /// The heading of its family.
    pub family: &'static str,
    /// The alias that contains the text; `None` if the model's name contains it.
    pub matched: Option<&'static str>,
}

/// How closely a name matches a text, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// The name is the text, with or without its organisation.
    Equal,
    /// The name begins with the text.
    Start,
    /// Each word of the text begins a word of the name.
    WordStarts,
    /// The name contains each word of the text.
    Parts,
}

/// The models that `text` may mean, the likeliest first: those with a name or an alias that
/// contains each of its words, whatever separates them. Closer matches come first, then models
/// before their quantized versions, then names before aliases, then the order of the families. An
/// empty text means all models without their quantized versions, by family.
///
/// ```
/// use trtllm_memory::architecture::suggest;
/// let found = suggest("distill-llama-70b");
/// assert_eq!(found[0].model.name, "meta-llama/Llama-3.3-70B-Instruct");
/// assert_eq!(found[0].matched, Some("deepseek-ai/DeepSeek-R1-Distill-Llama-70B"));
/// ```
pub fn suggest(text: &str) -> Vec<Suggestion> {
    let text = Typed::new(text);
    let is_listed = |model: &&Architecture| !text.text.is_empty() || model.checkpoint.base.is_none();
    let mut found: Vec<((Closeness, bool, bool, Place), Suggestion)> = Vec::new();
    for model in models().iter().filter(is_listed) {
        let own = text.closeness(&model.name);
        let aliases = model.aliases.iter().filter_map(|alias| Some((text.closeness(alias)?, alias)));
        let alias = aliases.min_by_key(|(closeness, _)| *closeness);
        let by_alias = alias.filter(|(closeness, _)| own.is_none_or(|own| *closeness < own));
        let Some(closeness) = by_alias.map(|(closeness, _)| closeness).or(own) else { continue };
        let base = model.checkpoint.base.as_deref();
        let place = Place::of(base.unwrap_or(&model.name));
        let matched = by_alias.filter(|_| own.is_none()).map(|(_, alias)| alias.as_str());
        let rank = (closeness, base.is_some(), by_alias.is_some(), place);
        let suggestion = Suggestion { model, family: place.family(), matched };
        // Kept sorted: a sort of the standard library enlarges the page's program.
        found.insert(found.partition_point(|(better, _)| *better <= rank), (rank, suggestion));
    }
    found.into_iter().map(|(_, suggestion)| suggestion).collect()
}

/// Whether a character separates words.
fn separates(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric() && c != '.'
}

/// A typed text in lower case.
struct Typed {
    text: String,
    words: Vec<String>,
}

impl Typed {
    fn new(text: &str) -> Typed {
        let text = text.trim().to_ascii_lowercase();
        let words = text.split(separates).filter(|word| !word.is_empty()).map(String::from).collect();
        Typed { text, words }
    }

    /// Returns how closely a name matches; `None` if it does not contain each word.
    fn closeness(&self, name: &str) -> Option<Closeness> {
        let name = name.to_ascii_lowercase();
        let short = name.rsplit('/').next().unwrap_or(&name);
        // Separators are often left out or added: `llama3.3`, `qwen 3`.
        let (joined, text) = (short.replace(separates, ""), self.words.concat());
        if name == self.text || short == self.text {
            Some(Closeness::Equal)
        } else if name.starts_with(&self.text) || joined.starts_with(&text) {
            Some(Closeness::Start)
        } else if self.words.iter().all(|word| begins_word(&name, word)) {
            Some(Closeness::WordStarts)
        } else if self.words.iter().all(|word| name.contains(word)) || joined.contains(&text) {
            Some(Closeness::Parts)
        } else {
            None
        }
    }
}

/// Whether `word` begins a word of the name, or a number after letters, as 3 in `qwen3`.
fn begins_word(name: &str, word: &str) -> bool {
    let is_number = word.starts_with(|c: char| c.is_ascii_digit());
    name.match_indices(word).any(|(at, _)| match name[..at].chars().next_back() {
        Some(before) => !before.is_ascii_alphanumeric() || is_number && before.is_ascii_alphabetic(),
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::find;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(text: &str) -> Vec<&'static str> {
        suggest(text).iter().map(|suggestion| suggestion.model.name.as_str()).collect()
    }

    #[test]
    fn without_a_text_all_models_are_listed_by_family() {
        let all = suggest("");
        assert_eq!(all.len(), models().iter().filter(|model| model.checkpoint.base.is_none()).count());
        let mut families: Vec<&str> = all.iter().map(|suggestion| suggestion.family).collect();
        families.dedup();
        assert_eq!(families[..4], ["DeepSeek", "Qwen 3", "gpt-oss", "Llama 3 and 4"]);
        assert_eq!(families.last(), Some(&"Other models"));
        let listed = families.len();
        families.sort_unstable();
        families.dedup();
        assert_eq!(families.len(), listed, "each family is listed once");
        assert_eq!(all[0].model.name, "deepseek-ai/DeepSeek-R1");
        assert!(all.iter().all(|suggestion| suggestion.matched.is_none()));
    }

    #[test]
    fn words_are_found_in_any_order() {
        assert_eq!(names("qwen3-32")[0], "Qwen/Qwen3-32B");
        assert_eq!(names("llama 70b 3.3")[0], "meta-llama/Llama-3.3-70B-Instruct");
    }

    #[test]
    fn separators_may_differ() {
        assert_eq!(names("qwen 3 32b")[0], "Qwen/Qwen3-32B");
        assert_eq!(names("llama3.3 70b")[0], "meta-llama/Llama-3.3-70B-Instruct");
        assert_eq!(names("gptoss120b")[0], "openai/gpt-oss-120b");
    }

    #[test]
    fn closer_and_better_known_models_come_first() {
        assert_eq!(names("llama-3.1-8b")[0], "meta-llama/Llama-3.1-8B");
        assert_eq!(names("gpt")[..2], ["openai/gpt-oss-120b", "openai/gpt-oss-20b"]);
        assert_eq!(names("Qwen")[0], "Qwen/Qwen3-32B");
        assert_eq!(names("deepseek-r1")[..2], ["deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"]);
        let found = names("2b");
        let place = |name: &str| found.iter().position(|known| *known == name);
        assert!(place("google/gemma-2b") < place("Qwen/Qwen3-32B"), "a word before a part of a word");
    }

    #[test]
    fn a_match_by_an_alias_names_it() {
        let by = |text: &str, name: &str| {
            suggest(text).iter().find(|suggestion| suggestion.model.name == name).unwrap().matched
        };
        let distilled = Some("deepseek-ai/DeepSeek-R1-Distill-Llama-70B");
        assert_eq!(by("deepseek-r1", "meta-llama/Llama-3.3-70B-Instruct"), distilled);
        assert_eq!(by("deepseek-r1", "deepseek-ai/DeepSeek-R1"), None);
        assert_eq!(by("llama-3.3-70b", "meta-llama/Llama-3.3-70B-Instruct"), None, "its own name contains it too");
    }

    #[test]
    fn quantized_versions_come_after_the_models() {
        let found = names("llama-3.3-70b");
        assert_eq!(found[0], "meta-llama/Llama-3.3-70B-Instruct");
        assert!(found.contains(&"nvidia/Llama-3.3-70B-Instruct-FP8"), "{found:?}");
        assert_eq!(names("nvidia/deepseek-r1-fp4")[0], find("nvidia/DeepSeek-R1-FP4").unwrap().name);
    }

    #[test]
    fn a_text_in_no_name_finds_nothing() {
        assert!(suggest("no such model").is_empty());
        assert!(suggest("größe").is_empty());
    }
}
