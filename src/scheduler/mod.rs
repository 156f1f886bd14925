//! Acts when an instant arrives: finds what is due, claims it, has it sent, and writes down what became of it.
//!
//! A tick ([`ticker`]) takes the due guilds from the agenda and gives each to a pass; a pass ([`pass`]) opens the
//! guild's store, claims each due reminder in one transaction and hands it to the delivery ([`delivery`]), which sends
//! its parts and marks them; one that waited is first brought up to date ([`unfinished`]). [`settling`] decides what a
//! failure makes of it, [`suspending`] what holds up its event; where something fails the guild rests ([`rests`]). [`rebuild`] fills the agenda at start.
//!
//! **Invariants**
//! - A reminder is claimed in one transaction before anything is sent; the row decides, never the memory.
//! - The agenda is a cache: losing it costs time, not reminders.
//! - A tick touches only guilds with something due, and a guild has one pass at a time.
//! - No pass waits for its next attempt: it writes the instant into the row and ends.
//! - What fails for one event holds up no other; what fails for one guild holds up no other.
//!
//! **Does not know** Discord; it reaches it through [`Courier`].

mod agenda;
mod courier;
mod delivery;
mod pass;
mod rebuild;
mod rests;
mod settling;
mod suspending;
#[cfg(test)]
mod tests;
mod ticker;
mod turnout;
mod unfinished;

pub use agenda::Agenda;
pub use courier::{Courier, Probe, SendError};
pub use rebuild::{load_agenda, sweep};
pub use suspending::SUSPENSION;
pub use ticker::Scheduler;

use crate::storage::{Lease, Registry, StorageError};

/// Sets index and agenda of a guild to what its store says is due next.
///
/// # Errors
/// [`StorageError`]; index and agenda are then early, which is harmless.
pub async fn sync_due(store: &Lease, registry: &Registry, agenda: &Agenda) -> Result<(), StorageError> {
    let guild = store.guild_id();
    let due = store.events().earliest_instant().await?;
    registry.set_next_due(guild, due).await?;
    agenda.set(guild, due);
    let live = store.events().count_live().await? > 0;
    registry.set_live(guild, live).await
}
