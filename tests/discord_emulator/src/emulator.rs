//! The handle that tests hold.

use std::sync::Arc;

use crate::inner::Inner;
use crate::options::Builder;

/// One Discord of its own.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) inner: Arc<Inner>,
}

impl Emulator {
    /// Chooses how this Discord differs from the usual one.
    pub fn builder() -> Builder {
        Builder::default()
    }
}
