//! Drives the real bot through the emulator of Discord, as members and operators do.

mod delivery;
mod guilds;
mod house;
mod operator;
mod reminders;
mod stage;
