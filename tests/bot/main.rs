//! Drives the real bot through the emulator of Discord, as members and operators do.

mod answers;
mod commands;
mod drafts;
mod guilds;
mod house;
mod operator;
mod reminders;
mod stage;
