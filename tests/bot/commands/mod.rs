//! Every command as members meet it: what it does, what it says, and to whom it says no.

mod autocomplete;
mod create;
mod create_faults;
mod database;
mod deferrals;
mod forged;
mod help;
mod history;
mod hostile;
mod interval;
mod list;
mod pause;
mod registration;
mod remind;
mod rights;
mod show;
mod slow;
mod unwatch;
mod watch;
mod watch_again;
mod watch_details;
mod watch_links;
mod watch_permissions;
