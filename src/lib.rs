//! Muster, a Discord bot that gets answers.
//!
//! (The map of the house is written below, room by room.)

pub mod clock;
pub mod domain;
pub mod ids;
pub mod storage;
