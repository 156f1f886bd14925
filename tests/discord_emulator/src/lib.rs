#![doc = include_str!("../README.md")]
#![recursion_limit = "256"] // GUILD_CREATE is one long `json!`.

mod api;
mod change;
mod driver;
mod emulator;
mod faults;
mod gateway;
mod inner;
mod limits;
mod openapi;
mod options;
mod payload;
pub mod permissions;
mod ratelimit;
mod recorder;
mod rest;
mod server;
mod snowflake;
mod world;

pub use axum::http::Method;
pub use driver::{
    ActionError, BotMember, Button, Channel, Choice, CommandRun, Completion, Guild, Injected, Member,
    Message, Modal, ModalField, OptionValue, OverwriteFor, ReactionView, Reply, Role, ScheduledEvent, Select,
    Shown, Submission,
};
pub use emulator::Emulator;
pub use faults::{FaultBuilder, Faults, RateLimitScope};
pub use gateway::{Counters, Gateway, Intents, SessionView, Shard, Upset};
pub use options::Builder;
pub use permissions::Permissions;
pub use recorder::{Answer, RecordedRequest, Violation};
pub use snowflake::Snowflake;
pub use world::Timestamp;
