//! Muster is a Discord bot that gets answers: it watches a message, and at each interval mentions exactly those who
//! have not answered it, until they have.
//!
//! This page is the map of the house. Read it, then [`run`], which builds every part and wires them; then whichever
//! room your change belongs in. Each room's first page says what it owns, what always holds there, and what it
//! deliberately does not know.
//!
//! ```text
//! clock, ids ← domain ← storage ← scheduler ← upkeep ← app ← commands ← discord ← run ← cli ← main
//! ```
//!
//! An arrow points from the room that is used to the one that uses it; there is no arrow back, and a test reads the
//! sources to keep it so. `errors`, `config`, `lifecycle` and `telemetry` stand between `domain` and `storage`, `http` and
//! `control` before `run`.
//!
//! | room | holds |
//! | --- | --- |
//! | [`clock`], [`ids`] | what time it is; Discord's ids as types |
//! | [`domain`] | the rules, as plain functions: intervals, due instants, who is missing, what a button means |
//! | [`storage`] | all SQL: a database per guild, opened when needed, and the registry of all guilds |
//! | [`scheduler`] | wakes when something is due, claims it, has it sent, marks it |
//! | [`upkeep`] | backups, restores, checks and deletion of the guilds' data, by schedule and when asked |
//! | [`app`] | the handles that commands share, and the port through which they reach Discord |
//! | [`commands`] | what members can ask for; a command comes in as data and goes out as a reply |
//! | [`discord`] | the edge: gateway, sender, interactions, keeping answers and members up to date |
//! | [`run`], [`lifecycle`], [`http`], [`control`] | start, stop, the operator's port, and the socket of the command line |
//! | [`cli`], [`config`], [`telemetry`], [`errors`] | the command line, the keys, the log and the metrics, errors in one line |
//!
//! serenity appears only in `commands` and `discord`, sqlx only in `storage` (and in `ids` for its encodings).

pub mod app;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod discord;
pub mod domain;
pub mod errors;
pub mod http;
pub mod ids;
pub mod lifecycle;
pub mod run;
pub mod scheduler;
pub mod storage;
pub mod telemetry;
pub mod upkeep;
