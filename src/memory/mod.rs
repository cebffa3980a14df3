//! The memory models: how much memory each part of a deployment takes, and why.
//!
//! [`estimate()`] returns the sizes, [`explain`] their derivation. Both evaluate the same formulas.

mod backend;
mod band;
mod calibrated;
mod calibration;
mod contributor;
mod dispatch;
pub(crate) mod engine;
mod estimate;
mod explanation;
mod expression;
pub(crate) mod inputs;
mod kv_cache;
mod law;
mod notes;
mod number;
pub(crate) mod overhead;
pub(crate) mod pytorch;
mod rank;
mod rank_budget;
mod rank_kind;
mod report;
mod stage;
mod startup;
mod upper_bound;
mod verdict;
pub(crate) mod weights;

pub use band::Band;
pub use contributor::{Contributor, UnknownContributor};
pub use estimate::{Outline, estimate, estimate_resolved, outline};
pub use explanation::{Explanation, Input, explain, explain_in};
pub use expression::{Expression, Notation};
pub use kv_cache::{Binding, Concurrency, KvCache, Limit, WindowPool};
pub use law::{Evidence, Law};
pub use rank::{Figure, Rank, RankRange, RankRanges};
pub use rank_kind::RankKind;
pub use report::{Report, Verdict};
pub use stage::Stage;
pub use startup::{StartPhase, StartUp, Temporary, start_up};
pub use upper_bound::UpperBound;
pub use weights::{StoredTensor, WeightGroup};

pub(crate) use estimate::outline_of_classes;
pub(crate) use inputs::Inputs;
pub(crate) use pytorch::weights::outside_torch as weights_outside_torch;
pub(crate) use rank_budget::RankClasses;
