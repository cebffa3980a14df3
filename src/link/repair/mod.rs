//! The repair of damaged links, with the feature `explanations`.

#[cfg(feature = "explanations")]
mod enabled;
#[cfg(feature = "explanations")]
pub(in crate::link) use enabled::*;

#[cfg(not(feature = "explanations"))]
mod disabled;
#[cfg(not(feature = "explanations"))]
pub(in crate::link) use disabled::*;
