//! Explanations: a traced figure as a readable tree of formulas, values and inputs.

use super::contributor::Contributor;
use super::expression::{Expression, Notation, number_text, value_text};
use super::kv_cache::{self, AllPools, Pool};
use super::law::{Origin, Part, Symbol};
use super::number::{Number, Step, Traced};
use super::rank::Figure;
use super::rank_budget::{RankBudget, RankBudgets, RankClasses};
use super::weights::StoredTensor;
use super::{calibrated, calibration, estimate};
use crate::deployment::{Deployment, DeploymentError, Resolved};
use crate::units::Units;
use serde::Serialize;

/// Explains the size of each contributor of `rank`.
///
/// # Errors
/// Returns every invalid setting of the deployment.
/// ```
/// use trtllm_memory::{deployment::Deployment, memory::{explain, Contributor}};
/// let explained = explain(&Deployment::engine(), 0).unwrap();
/// let (contributor, weights) = &explained[0];
/// assert_eq!(*contributor, Contributor::Weights);
/// assert_eq!(weights.text, "15.02 GiB");
/// assert!(weights.parts.iter().any(|part| part.label == "mlp.fc.weight, 32 layers"));
/// ```
pub fn explain(deployment: &Deployment, rank: u64) -> Result<Vec<(Contributor, Explanation)>, DeploymentError> {
    explain_in(deployment, rank, Units::Binary)
}

/// Explains as [`explain`] does, with the sizes of its texts in `units`.
///
/// # Errors
/// Every impossible setting of the deployment.
pub fn explain_in(
    deployment: &Deployment,
    rank: u64,
    units: Units,
) -> Result<Vec<(Contributor, Explanation)>, DeploymentError> {
    let resolved = deployment.resolve()?;
    let classes = RankClasses::of(&resolved);
    let budgets = RankBudgets::new(&resolved, &classes);
    let pools = budgets.pools();
    let alike = budgets.of(rank.min(resolved.world_size() - 1));
    let figures = estimate::figures(&calibrated::laws(&resolved), alike, &pools);
    let budget = RankBudget::<Traced>::new(&resolved, alike.class);
    let cache = explained_kv_cache(&resolved, &budget, &budgets, &pools);
    let overhead = budget.overhead_until_kv_cache() + budget.after_kv_cache.clone();
    let more = budget.reserved.is_some();
    let [weights, activations, runtime, decoder] = budget.parts;
    let numbers = [weights, activations, runtime, decoder, cache, overhead];
    let explained = Contributor::ALL.into_iter().zip(numbers.iter().zip(&figures));
    Ok(explained
        .map(|(contributor, (number, figure))| {
            (contributor, Explanation::new(contributor.label_with(more), number, figure, units))
        })
        .collect())
}

/// The KV cache of a rank. Each pool is traced to the rank that limits its blocks.
fn explained_kv_cache(
    resolved: &Resolved,
    budget: &RankBudget<Traced>,
    budgets: &RankBudgets,
    pools: &AllPools,
) -> Traced {
    let on_rank = budget.pools();
    if !kv_cache::is_pooled(resolved) {
        return on_rank.whole_batch();
    }
    let decided = |pool: &Pool, blocks: &dyn Fn(&RankBudget<Traced>) -> Option<Traced>| {
        let decides = budgets.all[pool.budget].class;
        if decides == budget.class { blocks(budget) } else { blocks(&RankBudget::new(resolved, decides)) }
    };
    let own = budget.windows.iter().filter_map(|window| {
        let pool = pools.of(*window)?;
        Some(on_rank.bytes(*window, decided(pool, &|budget| Some(budget.blocks(pool.window)))?))
    });
    let cross = pools
        .cross
        .iter()
        .filter_map(|pool| Some(on_rank.cross_bytes(decided(pool, &|budget| budget.cross_blocks())?)));
    let own = Traced::sum_of(own);
    match pools.cross {
        Some(_) => own.part(|| Part::bytes("pool of the decoder's own tokens")) + Traced::sum_of(cross),
        None => own,
    }
}

/// An explained figure, with the figures that it is computed from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The name of the figure.
    pub label: String,
    /// The exact value: bytes, or a count.
    pub value: f64,
    /// The value formatted for users.
    pub text: String,
    /// The formula in symbols.
    pub formula: String,
    /// The formula with figures.
    pub figures: String,
    /// The formula as a tree.
    #[serde(skip)]
    pub expression: Expression,
    /// The notation in enclosing formulas, if it has one.
    #[serde(skip)]
    pub symbol: Option<&'static str>,
    /// The contributor whose size it is, if an enclosing formula names it as one.
    #[serde(skip)]
    pub contributor: Option<Contributor>,
    /// The weight tensor whose size it is, if it is one.
    #[serde(skip)]
    pub tensor: Option<StoredTensor>,
    /// The inputs of this formula.
    pub inputs: Vec<Input>,
    /// Lower end of the uncertainty band, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the uncertainty band, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The uncertainty band formatted for users: `564.00 MiB to 889.00 MiB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// The evidence for the law, if a law is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The law in a line, if a law is attached.
    #[serde(skip)]
    pub title: Option<&'static str>,
    /// The source of the law, if a law is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// The parts. Those of a contributor are sorted by size, largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

/// An input of a formula.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// The notation in the formula.
    pub symbol: &'static str,
    /// The meaning.
    pub meaning: &'static str,
    /// Its value.
    pub value: String,
    /// The origin of the value.
    pub origin: String,
    /// The link key, if the value is a setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
}

impl Explanation {
    /// Explains `number`, the traced size of `figure`.
    pub fn new(label: &str, number: &Traced, figure: &Figure, units: Units) -> Explanation {
        let whole = Part::bytes(label).law(figure.law).band(figure.band());
        let mut explanation = tree(&whole, number, units);
        // There are few parts, each of them large, so each is inserted into its sorted position.
        for part in std::mem::take(&mut explanation.parts) {
            let index = explanation.parts.partition_point(|larger| larger.value >= part.value);
            explanation.parts.insert(index, part);
        }
        explanation
    }
}

/// Explains `part`, whose value is `number`.
fn tree(part: &Part, number: &Traced, units: Units) -> Explanation {
    let mut inputs = Vec::new();
    let mut parts = Vec::new();
    collect(number, &mut inputs, &mut parts, units);
    let (value, law) = (number.value(), part.law);
    let band = part.band.or_else(|| law.map(|law| law.band(value)));
    let ends = band.map(|band| ((value - band.below).max(0.0), value + band.above));
    let text = |value: f64| value_text(part.unit, value, units);
    let expression = Expression::of(number, units);
    Explanation {
        label: part.label.clone(),
        value,
        text: text(value),
        formula: expression.text(Notation::Symbols),
        figures: expression.text(Notation::Figures),
        expression,
        symbol: part.symbol,
        contributor: part.contributor,
        tensor: part.tensor.clone(),
        inputs,
        low: ends.map(|(low, _)| low),
        high: ends.map(|(_, high)| high),
        band: ends.map(|(low, high)| format!("{} to {}", text(low), text(high))),
        evidence: law.map(|law| law.evidence.text()),
        title: law.map(|law| law.title),
        source: law.map(|law| law.source),
        parts,
    }
}

/// Collects the inputs and named parts of a formula, each once, without descending into the parts.
fn collect(number: &Traced, inputs: &mut Vec<Input>, parts: &mut Vec<Explanation>, units: Units) {
    match number.step() {
        Step::Literal => {}
        Step::Symbol(symbol) => {
            if !inputs.iter().any(|input| input.symbol == symbol.text) {
                inputs.push(input(symbol, number.value()));
            }
        }
        Step::Part(part, inner) => {
            // Equal layers of two groups have equal tensors, and each takes memory.
            let is_known = |known: &Explanation| known.label == part.label && known.value == inner.value();
            if part.tensor.is_some() || !parts.iter().any(is_known) {
                parts.push(tree(part, inner, units));
            }
        }
        Step::Sum(all) | Step::Product(all) | Step::Max(all) | Step::Min(all) => {
            for one in all {
                collect(one, inputs, parts, units);
            }
        }
        Step::Difference(a, b) | Step::Quotient(a, b) => {
            collect(a, inputs, parts, units);
            collect(b, inputs, parts, units);
        }
        Step::Remark(_, inner) | Step::RoundUp(inner, _) | Step::Floor(inner) | Step::Ceil(inner) => {
            collect(inner, inputs, parts, units);
        }
    }
}

fn input(symbol: &'static Symbol, value: f64) -> Input {
    let key = if let Origin::Chosen(key) = symbol.origin { Some(key) } else { None };
    let origin = calibration::of(symbol).map_or_else(|| symbol.origin.text(), calibration::Constant::origin);
    Input { symbol: symbol.text, meaning: symbol.meaning, value: number_text(value), origin, key }
}
