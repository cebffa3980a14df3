//! Explanations as indented text.

use trtllm_memory::export::json::Explained;
use trtllm_memory::memory::{Explanation, RankRanges};

/// Formats the explanations of each rank class.
pub(super) fn explanations(explained: &[Explained]) -> String {
    let mut text = String::new();
    for one in explained {
        let ranks: RankRanges = one.ranks.iter().copied().collect();
        text.push_str(&format!("\nWhy, on {ranks}\n"));
        for (_, explanation) in &one.contributors {
            text.push('\n');
            tree(&mut text, explanation, 2);
        }
    }
    text
}

fn tree(text: &mut String, explanation: &Explanation, indent: usize) {
    let mut line = |more: usize, words: &str| text.push_str(&format!("{:1$}{words}\n", "", indent + more));
    line(0, &format!("{}: {}", explanation.label, explanation.text));
    if explanation.formula != explanation.text {
        line(2, &format!("= {}", explanation.formula));
    }
    if explanation.figures != explanation.formula && explanation.figures != explanation.text {
        line(2, &format!("= {}", explanation.figures));
    }
    for input in &explanation.inputs {
        line(4, &format!("{} = {}: {} ({})", input.symbol, input.value, input.meaning, input.origin));
    }
    if let (Some(low), Some(high), Some(band)) = (explanation.low, explanation.high, &explanation.band)
        && low < high
    {
        line(2, &format!("band: {band}"));
    }
    if let Some(evidence) = &explanation.evidence {
        line(2, &format!("known: {evidence}"));
    }
    if let Some(source) = explanation.source {
        line(2, &format!("source: {source}"));
    }
    for part in &explanation.parts {
        tree(text, part, indent + 4);
    }
}
