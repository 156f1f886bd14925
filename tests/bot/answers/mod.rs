//! Answers: how members give them, take them back, and see them counted; and what ends an event.

mod buttons;
mod edits;
mod endings;
mod reactions;
mod unread;
