//! What is scripted to go wrong.

/// Scripted faults.
#[derive(Debug, Default)]
pub struct Faults;

/// One fault in the making.
#[derive(Debug, Default)]
pub struct FaultBuilder;
