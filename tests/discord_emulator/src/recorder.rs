//! What was asked, and what was wrong with it.

/// All requests so far.
#[derive(Debug, Default)]
pub(crate) struct Recorder;

/// One request, with its answer.
#[derive(Clone, Debug)]
pub struct RecordedRequest;

/// One thing that Discord forbids.
#[derive(Clone, Debug)]
pub struct Violation;
