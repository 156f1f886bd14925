//! Discord's JSON, written from the typed state and nowhere else.
//!
//! **Invariants**
//! - Every field that Discord's documentation or its OpenAPI description makes mandatory is there, `null` where it
//!   is empty: a client that misses one field drops the whole event without a word.
//! - Ids are strings, permissions are decimal strings, instants are ISO 8601 with microseconds.
//!
//! It decides nothing: who may see a thing was settled before. A further kind of thing gets a function here.

mod application;
mod channel;
mod emoji;
mod guild;
mod interaction;
mod message;
mod scheduled;
mod user;

pub(crate) use application::{application, command, command_with, ready_application};
pub(crate) use channel::{channel, partial_channel, thread_member};
pub(crate) use emoji::{custom_emoji, emoji, reaction_burst_colors};
pub(crate) use guild::{guild, guild_create, guild_info, guild_unavailable, role};
pub(crate) use interaction::{InteractionParts, interaction, interaction_metadata};
pub(crate) use message::{message, message_created, message_event, without_content};
pub(crate) use scheduled::{invite, invite_created, scheduled_event};
pub(crate) use user::{
    interaction_member, is_named, member, member_event, members_chunk, message_member, ready_user, user,
};
