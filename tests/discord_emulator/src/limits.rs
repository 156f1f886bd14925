//! Discord's limits.
