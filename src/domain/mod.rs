//! The rules of Muster, as plain functions over plain types.
//!
//! **Invariants**
//! - Nothing here reads a clock, a file, a database or the network; `now` is an argument.
//! - The text of an error is a sentence for the member who caused it, with the limit and the value.
//! - Text from people never reaches a message without passing [`text`].
//!
//! **Does not know** Discord's library, SQL, or any runtime.
//!
//! To add a rule: a file with the type, its functions and their tests, and a line below.

pub mod audience;
pub mod bundle;
pub mod choice;
pub mod custom_id;
pub mod emoji;
pub mod event;
pub mod interval;
pub mod message_link;
pub mod permissions;
pub mod reminder;
pub mod reminder_text;
pub mod response;
pub mod settings;
pub mod text;
