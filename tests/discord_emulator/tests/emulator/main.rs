//! The emulator, held against a real client: serenity 0.12 over real sockets.

mod clerk;
mod events;
mod faults;
mod gateway;
mod intents;
mod outages;
mod people;
mod requests;
mod routes;
mod shards;
mod support;
