//! The emulator, held against a real client: serenity 0.12 over real sockets.

mod faults;
mod gateway;
mod requests;
mod support;
