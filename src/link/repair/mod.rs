//! Repair of links that were damaged on their way.

#[cfg(not(feature = "lean"))]
mod enabled;
#[cfg(not(feature = "lean"))]
pub(in crate::link) use enabled::*;

#[cfg(feature = "lean")]
mod disabled;
#[cfg(feature = "lean")]
pub(in crate::link) use disabled::*;
