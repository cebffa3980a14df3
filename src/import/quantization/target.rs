//! The modules that a rule of a checkpoint's quantization means: by name, by a pattern with
//! wildcards, by a regular expression, or by class.

use super::linears::Linear;
use crate::architecture::Block;
use crate::import::spanned_json::shorten;
use regex_lite::{Regex, RegexBuilder};
use std::borrow::Cow;

/// What may precede `layers.` in the name of a module.
const PREFIXES: [&str; 6] =
    ["model.", "", "language_model.model.", "model.language_model.", "backbone.", "language_model."];

/// The words before the number of a layer.
const LAYERS: [&str; 3] = ["layers.", "h.", "blocks."];

/// The modules that a rule means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Every linear layer except the LM head.
    Linears,
    /// The routed experts.
    Experts,
    /// A module and those within it.
    Name(Place),
    /// A pattern with wildcards, as Python's fnmatch reads it: a module and those within it.
    Glob(Place),
    /// A regular expression that matches the beginning of a name.
    Expression(String),
}

/// A name or a pattern, divided at the number of its layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The layer; `None` if it states none.
    layer: Option<u32>,
    /// The number after the word for layers, also of a pattern such as `layers.78*`.
    number: Option<u32>,
    /// What follows the layer; the whole without a layer. The number of an expert is 0.
    rest: String,
    /// Whether it has the number of an expert.
    is_single_expert: bool,
    /// Whether it belongs to a part of the model that is not estimated.
    is_elsewhere: bool,
}

impl Place {
    fn of(text: &str) -> Place {
        let elsewhere = ["vision", "visual", "audio", "mtp", "multi_modal", "projector", "embed", "norm"];
        let is_elsewhere = elsewhere.iter().any(|word| text.contains(word));
        let after_layers = LAYERS.iter().find_map(|word| {
            let (before, after) = text.split_once(word)?;
            (before.is_empty() || before.ends_with('.')).then_some(after)
        });
        let numbered = after_layers.and_then(|after| {
            let (number, rest) = after.split_once('.').unwrap_or((after, ""));
            Some((number.parse::<u32>().ok()?, rest))
        });
        let number = after_layers.and_then(|after| {
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            after[..digits].parse().ok()
        });
        let (layer, rest) = numbered.map_or((None, text), |(layer, rest)| (Some(layer), rest));
        let (rest, is_single_expert) = without_expert(if rest.ends_with(".lm_head") { "lm_head" } else { rest });
        Place { layer, number, rest: rest.into_owned(), is_single_expert, is_elsewhere }
    }

    /// Whether it means a module of this name.
    fn covers(&self, name: &str) -> bool {
        if self.rest.is_empty() {
            return true;
        }
        if self.layer.is_some() {
            return name.strip_prefix(self.rest.as_str()).is_some_and(|more| more.is_empty() || more.starts_with('.'));
        }
        // Without a layer it may be any part of a name.
        let wanted = self.rest.split('.').count();
        let parts: Vec<&str> = name.split('.').collect();
        parts.windows(wanted).any(|window| window.iter().copied().eq(self.rest.split('.')))
    }
}

/// Replaces the number of an expert by 0. Returns whether there was one.
fn without_expert(text: &str) -> (Cow<'_, str>, bool) {
    let whole = (Cow::Borrowed(text), false);
    let Some((before, after)) = text.split_once("experts.") else { return whole };
    let (number, rest) = after.split_once('.').unwrap_or((after, ""));
    if before.ends_with("shared_") || number.is_empty() || number.bytes().any(|byte| !byte.is_ascii_digit()) {
        return whole;
    }
    let dot = if rest.is_empty() { "" } else { "." };
    (Cow::Owned(format!("{before}experts.0{dot}{rest}")), true)
}

impl Target {
    /// Reads a name or a pattern, as `ignore`, `targets`, `exclude_modules` and
    /// `modules_to_not_convert` contain them. `None` for a class of modules without linear layers.
    pub(super) fn parse(text: &str) -> Option<Target> {
        if let Some(expression) = text.strip_prefix("re:") {
            return Some(Target::Expression(expression.into()));
        }
        if text == "Linear" {
            return Some(Target::Linears);
        }
        if text.contains(['*', '?', '[']) {
            return Some(Target::Glob(Place::of(text)));
        }
        let is_class = text.starts_with(|letter: char| letter.is_ascii_uppercase()) && !text.contains('.');
        (!is_class && !text.is_empty()).then(|| Target::Name(Place::of(text)))
    }

    /// Whether it names one of many experts.
    pub(super) fn is_single_expert(&self) -> bool {
        matches!(self, Target::Name(place) if place.is_single_expert)
    }

    /// Whether it means a router that is directly within a layer.
    pub(super) fn is_router_of_layer(&self) -> bool {
        matches!(self, Target::Name(place) | Target::Glob(place)
            if place.layer.is_some() && place.rest.starts_with("router"))
    }

    /// Whether it means modules that are not linear layers of a language model with `layers`
    /// layers, so that it may have no effect.
    pub(super) fn is_elsewhere(&self, layers: u32) -> bool {
        let others =
            ["gate", "router", "shared_expert_gate", "conv1d", "in_proj_a", "in_proj_b", "in_proj_ba", "g_proj"];
        let words = ["vis", "audio", "mtp", "gate", "router", "projector", "g_proj", "lm_head", "e_score", "indexer"];
        match self {
            Target::Linears | Target::Experts => true,
            Target::Expression(text) => words.iter().any(|word| text.contains(word)),
            Target::Name(place) | Target::Glob(place) => {
                let last = place.rest.trim_end_matches(['*', '.']).rsplit('.').next().unwrap_or_default();
                place.is_elsewhere
                    || place.number.is_some_and(|layer| layer >= layers)
                    || others.contains(&last.trim_start_matches('*'))
                    || ["lm_head", "e_score", "indexer"].iter().any(|word| place.rest.contains(word))
            }
        }
    }

    /// The text, shortened for a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Target::Linears => "Linear".into(),
            Target::Experts => "experts".into(),
            Target::Expression(text) => shorten(text),
            Target::Name(place) | Target::Glob(place) => match place.layer {
                Some(layer) => shorten(&format!("layers.{layer}.{}", place.rest)),
                None => shorten(&place.rest),
            },
        }
    }

    /// Calls `found` with the place in `linears` and the layer of each module that is meant.
    pub(super) fn each(&self, linears: &[Linear], found: &mut dyn FnMut(usize, u32)) {
        let every = |found: &mut dyn FnMut(usize, u32), is_meant: &dyn Fn(&Linear) -> bool| {
            for (at, linear) in linears.iter().enumerate().filter(|(_, linear)| is_meant(linear)) {
                linear.layers.iter().for_each(|layer| found(at, layer));
            }
        };
        match self {
            Target::Linears => every(found, &|linear| linear.block != Block::LmHead),
            Target::Experts => every(found, &|linear| linear.block == Block::Experts),
            Target::Name(place) if place.is_elsewhere => {}
            Target::Name(place) => match place.layer {
                Some(layer) => {
                    for (at, linear) in in_layer(linears, layer) {
                        if linear.names.iter().any(|name| place.covers(name)) {
                            found(at, layer);
                        }
                    }
                }
                None => every(found, &|linear| linear.names.iter().any(|name| place.covers(name))),
            },
            Target::Glob(place) if place.is_elsewhere && place.layer.is_some() => {}
            Target::Glob(place) => {
                let Some(pattern) = Pattern::of_wildcards(&place.rest) else { return };
                match place.layer {
                    Some(layer) => {
                        for (at, linear) in in_layer(linears, layer) {
                            if linear.names.iter().any(|name| pattern.matches_within(name, 0)) {
                                found(at, layer);
                            }
                        }
                    }
                    None => pattern.each(linears, found),
                }
            }
            Target::Expression(text) => {
                if let Some(pattern) = Pattern::of_expression(text) {
                    pattern.each(linears, found);
                }
            }
        }
    }

    /// Whether it is a regular expression that can't be read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self, Target::Expression(text) if Pattern::of_expression(text).is_none())
    }
}

fn in_layer(linears: &[Linear], layer: u32) -> impl Iterator<Item = (usize, &Linear)> {
    let all = linears.iter().enumerate();
    all.filter(move |(_, linear)| linear.block != Block::LmHead && linear.layers.contains(layer))
}

/// Characters of a pattern with wildcards, at most. It keeps the time of a comparison short.
const LONGEST_PATTERN: usize = 200;

/// Bytes of a compiled expression, at most.
const LARGEST_EXPRESSION: usize = 1 << 20;

/// A compiled pattern.
struct Pattern {
    regex: Regex,
    /// Whether it means a module's contents too.
    is_inherited: bool,
    /// Whether it can distinguish layers.
    has_numbers: bool,
}

impl Pattern {
    /// Compiles a pattern with `*`, `?` and `[…]`; `None` if it is malformed, or longer than any
    /// name.
    fn of_wildcards(text: &str) -> Option<Pattern> {
        if text.len() > LONGEST_PATTERN {
            return None;
        }
        let mut expression = String::from("^");
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            match letter {
                '*' if expression.ends_with(".*") => {}
                '*' => expression.push_str(".*"),
                '?' => expression.push('.'),
                '[' => {
                    let set: String = rest.by_ref().take_while(|letter| *letter != ']').collect();
                    let inverted = set.strip_prefix('!').map(|set| format!("^{set}"));
                    expression.push_str(&format!("[{}]", inverted.unwrap_or(set).replace('[', "\\[")));
                }
                other => expression.push_str(&regex_lite::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        let regex = Regex::new(&expression).ok()?;
        Some(Pattern { regex, is_inherited: true, has_numbers: has_digits(text) })
    }

    /// Compiles a regular expression that must match the beginning of a name.
    fn of_expression(text: &str) -> Option<Pattern> {
        let regex = RegexBuilder::new(&format!("^(?:{text})")).size_limit(LARGEST_EXPRESSION).build().ok()?;
        Some(Pattern { regex, is_inherited: false, has_numbers: has_digits(text) })
    }

    /// Whether it matches a name, or one of the modules around it that are longer than `least`.
    fn matches_within(&self, name: &str, least: usize) -> bool {
        if self.regex.is_match(name) {
            return true;
        }
        let ends = name.match_indices('.').map(|(end, _)| end).filter(|end| *end > least);
        self.is_inherited && ends.into_iter().any(|end| self.regex.is_match(&name[..end]))
    }

    /// Calls `found` with each module that it matches in some model's naming.
    fn each(&self, linears: &[Linear], found: &mut dyn FnMut(usize, u32)) {
        for (at, linear) in linears.iter().enumerate() {
            let matches = |layer: u32| {
                PREFIXES.iter().any(|prefix| {
                    let before = match linear.block {
                        Block::LmHead => String::new(),
                        _ => format!("{prefix}layers.{layer}."),
                    };
                    linear.names.iter().any(|name| {
                        let least = before.len().saturating_sub(2);
                        self.matches_within(&format!("{before}{name}"), least)
                    })
                })
            };
            match linear.layers.min() {
                Some(first) if !self.has_numbers => {
                    if matches(first) {
                        linear.layers.iter().for_each(|layer| found(at, layer));
                    }
                }
                _ => linear.layers.iter().filter(|layer| matches(*layer)).for_each(|layer| found(at, layer)),
            }
        }
    }
}

fn has_digits(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}
