//! Drives the real bot through the emulator of Discord, as members and operators do.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that cannot go on should panic")]

mod answers;
mod commands;
mod connection;
mod crashes;
mod damage;
mod delivery;
mod disk;
mod drafts;
mod edge;
mod failures;
mod full_disk;
mod gateway;
mod grid;
mod guild_cli;
mod guilds;
mod house;
mod many;
mod observing;
mod operator;
mod people;
mod proxies;
mod recovery;
mod reminders;
mod returns;
mod simulation;
mod stage;
mod stopping;
mod stores;
mod storm;
mod strangers;
mod together;
