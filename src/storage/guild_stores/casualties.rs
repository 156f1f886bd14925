//! The guilds whose stores were set aside, replaced or deleted, for whoever keeps something in memory about them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::GuildStores;
use crate::ids::GuildId;

/// The guilds of which nobody has heard yet.
#[derive(Debug, Default)]
pub(super) struct Casualties {
    guilds: Mutex<BTreeSet<GuildId>>,
    noted: Notify,
}

impl Casualties {
    /// Notes that the store of a guild is not the one that it was.
    pub(super) fn note(&self, guild: GuildId) {
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner).insert(guild);
        self.noted.notify_one();
    }

    fn take(&self) -> BTreeSet<GuildId> {
        std::mem::take(&mut *self.guilds.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl GuildStores {
    /// Takes the guilds whose stores were set aside, replaced or deleted since the last call, without waiting for one.
    #[must_use]
    pub fn take_casualties(&self) -> BTreeSet<GuildId> {
        self.shared.casualties.take()
    }

    /// Notes that a guild has to be looked at again, because that failed.
    pub fn note_casualty(&self, guild: GuildId) {
        self.shared.casualties.note(guild);
    }

    /// Returns the guilds whose stores were set aside, replaced by a backup or deleted since the last call, as soon as there
    /// are some: what is due there, and what is believed of their members and answers, has to be looked at again.
    ///
    /// # Cancel safety
    /// No guild is lost when the future is dropped.
    pub async fn casualties(&self) -> BTreeSet<GuildId> {
        loop {
            let guilds = self.shared.casualties.take();
            if !guilds.is_empty() {
                return guilds;
            }
            self.shared.casualties.noted.notified().await;
        }
    }
}
