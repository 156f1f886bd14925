//! Rate limits.

/// Buckets and their counters.
#[derive(Debug, Default)]
pub(crate) struct RateLimits;
