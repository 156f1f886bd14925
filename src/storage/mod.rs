//! All SQL, and the files that it works on.

mod data_dir;
mod error;
mod events;
mod guild;
mod guild_stores;
mod members;
mod registry;
mod reminder_log;
mod responses;

pub use data_dir::DataDir;
pub use error::StorageError;
pub use events::{Events, NewEvent, Watched};
pub use guild::{GuildRows, StoreHealth};
pub use guild_stores::{GuildStores, Lease, StoreOptions, StoreStats, Synchronous};
pub use members::Members;
pub use registry::{GuildRecord, Membership, Registry};
pub use reminder_log::{NewReminder, Reminders};
pub use responses::Responses;
