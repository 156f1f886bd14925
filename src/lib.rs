//! Muster, a Discord bot that gets answers.
//!
//! (The map of the house is written below, room by room.)

pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod ids;
pub mod lifecycle;
pub mod scheduler;
pub mod storage;
pub mod telemetry;
