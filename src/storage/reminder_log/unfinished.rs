//! Whether a reminder is still on its way.

use super::Reminders;
use crate::domain::event::EventId;
use crate::storage::StorageError;

impl Reminders<'_> {
    /// Whether a reminder of this event was claimed and has not reached its end.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn has_pending(&self, event: EventId) -> Result<bool, StorageError> {
        unimplemented!("{event}")
    }
}
