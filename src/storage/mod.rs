//! Everything on disk: all SQL, and the files that it works on.
//!
//! Owns the data directory: `system.db` with the [`Registry`] of guilds, and one database per guild in a directory
//! of its own, reached through [`GuildStores`] and a [`Lease`]. What a lease gives are repositories, one per table.
//!
//! **Invariants**
//! - A statement about a guild runs on that guild's own file and on no other: nothing crosses from one to another.
//! - SQL is a literal with bound parameters; a transaction that writes begins with `BEGIN IMMEDIATE`.
//! - Not found is `None` or `false`; [`StorageError`] is a failure, and says whose store failed to do what.
//! - Every statement of a repository is measured, the wait for its database's one connection included.
//! - Instants are INTEGER Unix milliseconds UTC, lists are JSON, enums are words, Discord's ids are INTEGER.
//!
//! **Does not know** Discord, what is due, or who may do what.
//!
//! To add a table: a migration in `migrations/guild/` that ends by setting `user_version` to its own number, a file
//! here with a repository that borrows the guild's connection, and a method of [`Lease`] that hands it out.

mod columns;
mod data_dir;
mod descriptors;
mod disk_space;
mod error;
mod events;
mod export;
mod files;
mod guild;
mod guild_db;
mod guild_stores;
mod members;
mod pool_of_one;
mod quarantine;
mod registry;
mod reminder_log;
mod responses;
mod schema;
mod stopwatch;
#[cfg(test)]
pub(crate) mod testing;

pub use data_dir::{Backup, Backups, DataDir, SetAsideNotice};
pub use descriptors::{TooFewDescriptors, reserve_descriptors};
pub use disk_space::DiskSpace;
pub use error::StorageError;
pub use events::{Events, NewEvent, Watched};
pub use export::{EventRow, GuildContents, GuildRow, ResponseRow, Stamped};
pub use guild::{GuildRows, StoreHealth};
pub use guild_stores::{
    GuildStores, Lease, Optimization, Restoration, StoreOptions, StoreStats, Synchronous, Verdict,
};
pub use members::Members;
pub use registry::{GuildRecord, Membership, Registry};
pub use reminder_log::{NewAddress, NewReminder, Reminders, Skip};
pub use responses::Responses;
