//! Drives the real bot through the emulator of Discord, as members and operators do.

mod house;
