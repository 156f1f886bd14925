//! Acts when an instant arrives: finds what is due, claims it, has it sent, and writes down what became of it.
//!
//! A tick ([`ticker`]) takes the due guilds from the agenda and gives each to a pass; a pass ([`pass`]) opens the guild's
//! store for a [`round`]: those that waited are brought up to date ([`unfinished`]), what is due is claimed in one transaction
//! ([`claiming`]), what goes to one channel is put together, sent and marked ([`delivery`]). [`settling`] decides what a
//! failure makes of a reminder; where something fails the guild rests ([`rests`]). [`rebuild`] fills the agenda at start.
//!
//! **Invariants**
//! - A reminder is claimed in one transaction before anything is sent; the row decides, never the memory.
//! - The agenda is a cache: losing it costs time, not reminders.
//! - A tick touches only guilds with something due, and a guild has one pass at a time.
//! - A pass sends a few messages and makes room for the next guild.
//! - No pass waits for its next attempt: it writes the instant into the row and ends.
//! - What fails for one event holds up no other; what fails for one guild holds up no other.
//!
//! **Does not know** Discord; it reaches it through [`Courier`].

mod agenda;
mod claiming;
mod courier;
mod delivery;
mod pass;
mod rebuild;
mod rests;
mod round;
mod settling;
#[cfg(test)]
mod tests;
mod ticker;
mod turns;
mod unfinished;

pub use agenda::Agenda;
pub use courier::{Courier, Haste, Probe, SendError};
pub use rebuild::{load_agenda, sweep};
pub use ticker::Scheduler;

use crate::storage::{Lease, Registry, StorageError};

/// Sets index and agenda of a guild to what its store says is due next; one at a time for each guild.
///
/// # Errors
/// [`StorageError`]; index or agenda are then early, which is harmless.
pub async fn sync_due(store: &Lease, registry: &Registry, agenda: &Agenda) -> Result<(), StorageError> {
    let guild = store.guild_id();
    let _turn = agenda.turn(guild).await;
    let due = store.events().earliest_instant().await?;
    agenda.set(guild, due);
    registry.set_next_due(guild, due).await?;
    let live = store.events().count_live().await? > 0;
    registry.set_live(guild, live).await
}
