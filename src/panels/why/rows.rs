//! The rows of the table: the tensors or buffers that a contributor consists of.

use super::subject::Subject;
use crate::memory::{Contributor, Explanation, Expression, StoredTensor, WeightGroup};
use crate::units::Bytes;
use std::borrow::Cow;

/// A tensor or buffer.
pub(super) struct Row<'a> {
    /// The name.
    pub name: String,
    /// The size in bytes.
    pub bytes: Bytes,
    /// The explanation of the size.
    pub explanation: Cow<'a, Explanation>,
    /// The path of the row in the panel.
    pub path: String,
}

impl Row<'_> {
    /// The weight tensor, if the row is one.
    pub(super) fn tensor(&self) -> Option<&StoredTensor> {
        self.explanation.tensor.as_ref()
    }

    /// The group of weights that the row belongs to.
    pub(super) fn group(&self) -> WeightGroup {
        let inner = || self.explanation.parts.iter().find_map(|part| part.tensor.as_ref());
        self.tensor().or_else(inner).map_or(WeightGroup::Other, |tensor| tensor.group)
    }

    /// Whether the GPUs that share a layer hold different shares of it.
    pub(super) fn is_shared(&self) -> bool {
        let inner = self.explanation.parts.iter().filter_map(|part| part.tensor.as_ref());
        self.tensor().into_iter().chain(inner).any(|tensor| tensor.ranks > 1)
    }
}

/// The rows of a contributor, the largest first; `None` if its formula is not a sum of named parts.
pub(super) fn of<'a>(
    subject: &Subject,
    contributor: Contributor,
    explanation: &'a Explanation,
) -> Option<Vec<Row<'a>>> {
    let mut leaves = Vec::new();
    add_leaves(explanation, None, &mut leaves).then_some(())?;
    let mut rows: Vec<(Option<&str>, Row)> = Vec::new();
    for (whole, leaf) in leaves {
        let alike = rows.iter_mut().find(|(of, row)| *of == whole && is_alike(&row.explanation, leaf));
        match alike {
            Some((_, row)) => add_layers(row, leaf),
            None => {
                let (bytes, explanation) = (Bytes::rounded(leaf.value), Cow::Borrowed(leaf));
                rows.push((whole, Row { name: name(whole, leaf), bytes, explanation, path: String::new() }));
            }
        }
    }
    let mut rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    for row in &mut rows {
        if let Cow::Owned(merged) = &mut row.explanation {
            merged.text = subject.size(row.bytes);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    let mut paths: Vec<String> = Vec::with_capacity(rows.len());
    for row in &mut rows {
        let shape = row.tensor().map_or_else(String::new, |tensor| format!(" {}x{}", tensor.shape[0], tensor.shape[1]));
        let mut path = format!("{}/{}{shape}", contributor.key(), row.name);
        while paths.contains(&path) {
            path.push('+');
        }
        paths.push(path.clone());
        row.path = path;
    }
    Some(rows)
}

/// The name of a row, with the whole that it belongs to.
fn name(whole: Option<&str>, leaf: &Explanation) -> String {
    let name = leaf.tensor.as_ref().map_or(leaf.label.as_str(), |tensor| tensor.name);
    match whole.filter(|_| leaf.tensor.is_some()) {
        Some(whole) => format!("{name} ({whole})"),
        None => name.to_string(),
    }
}

/// Share of a contributor above which a part is shown by its own parts.
const MAIN: f64 = 0.5;

/// Adds the named parts that `explanation` is a sum of, each with the label of the part that
/// contains it. Returns whether it is such a sum.
fn add_leaves<'a>(
    explanation: &'a Explanation,
    whole: Option<&'a str>,
    leaves: &mut Vec<(Option<&'a str>, &'a Explanation)>,
) -> bool {
    let mut used = vec![false; explanation.parts.len()];
    let mut terms = Vec::new();
    terms_of(&explanation.expression, &mut terms);
    let mut all = true;
    for term in terms {
        match term {
            Expression::Part { label, value, .. } => {
                let same = |part: &Explanation| part.label == *label && part.value == *value;
                let index = (0..used.len())
                    .find(|index| !used[*index] && same(&explanation.parts[*index]))
                    .or_else(|| explanation.parts.iter().position(same));
                let Some(index) = index else { return false };
                used[index] = true;
                let (part, before) = (&explanation.parts[index], leaves.len());
                let is_main = part.value > explanation.value * MAIN && part.parts.len() > 1;
                let holds_tensors = part.parts.iter().any(|inner| inner.tensor.is_some());
                let opens = part.tensor.is_none() && whole.is_none() && (is_main || holds_tensors);
                if !(opens && add_leaves(part, Some(&part.label), leaves)) {
                    leaves.truncate(before);
                    leaves.push((whole, part));
                }
            }
            Expression::Literal(value) => all &= *value == 0.0,
            _ => all = false,
        }
    }
    all
}

fn terms_of<'a>(expression: &'a Expression, terms: &mut Vec<&'a Expression>) {
    match expression {
        Expression::Sum(inner) => inner.iter().for_each(|term| terms_of(term, terms)),
        _ => terms.push(expression),
    }
}

/// Whether both are the same tensor in different layers.
fn is_alike(known: &Explanation, other: &Explanation) -> bool {
    let (Some(a), Some(b)) = (&known.tensor, &other.tensor) else { return false };
    StoredTensor { layers: b.layers, ..a.clone() } == *b
}

/// The notation of the number of layers in the formulas of weights.
const LAYERS: &str = "L";

/// Adds the layers of an equal tensor to a row.
fn add_layers(row: &mut Row, other: &Explanation) {
    let explanation = row.explanation.to_mut();
    // A formula for a single layer has no symbol for the layers.
    let has_layers = |explanation: &Explanation| explanation.inputs.iter().any(|input| input.symbol == LAYERS);
    if !has_layers(explanation) && has_layers(other) {
        explanation.expression = other.expression.clone();
        explanation.inputs = other.inputs.clone();
    }
    explanation.value += other.value;
    row.bytes += Bytes::rounded(other.value);
    let added = other.tensor.as_ref().map_or(0, |tensor| tensor.layers);
    let Some(tensor) = &mut explanation.tensor else { return };
    tensor.layers += added;
    let layers = tensor.layers;
    set_layers(&mut explanation.expression, layers as f64);
    for input in explanation.inputs.iter_mut().filter(|input| input.symbol == LAYERS) {
        input.value = crate::units::grouped(layers);
    }
}

/// Sets the number of layers in the product that a tensor's formula is.
fn set_layers(expression: &mut Expression, layers: f64) {
    let layer = Expression::Symbol { text: LAYERS, value: layers };
    match expression {
        Expression::Product(factors) => {
            match factors.iter_mut().find(|factor| matches!(factor, Expression::Symbol { text: LAYERS, .. })) {
                Some(factor) => *factor = layer,
                None => factors.push(layer),
            }
        }
        other => *other = Expression::Product(vec![other.clone(), layer]),
    }
}
