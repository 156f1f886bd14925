//! `/database`: what the bot keeps of a server, in the hands of those who manage it.

mod cleanup;
mod delete;
mod export;
mod forms;
mod fresh;
mod rights;
mod rooms;
mod status;

use discord_emulator::{Guild, Member, Modal, Reply};

use crate::stage::{Stage, assert_private, picture};

/// What somebody without the right is told, whatever they want.
const NOT_YOURS: &str = "Only members with **Manage Server** can look after my data here. Ask one of them to do it, or to give you the permission.";

/// A guild with an event that its owner posted.
async fn with_event() -> (Stage, Guild) {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    (stage, guild)
}

/// What the owner of a guild is told by a subcommand, without sizes, which differ from run to run.
async fn told(stage: &Stage, guild: &Guild, subcommand: &str) -> String {
    told_with(stage, guild, subcommand, &[]).await
}

async fn told_with(stage: &Stage, guild: &Guild, subcommand: &str, options: &[(&str, &str)]) -> String {
    let command = format!("/database {subcommand}");
    without_sizes(&stage.told(&guild.owner(), &guild.channel("general"), &command, options).await)
}

/// The text with `… KiB` for each size.
fn without_sizes(told: &str) -> String {
    let mut pieces = told.split(" KiB").peekable();
    let mut text = String::new();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_some() {
            text.push_str(piece.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
            text.push_str("… KiB");
        } else {
            text.push_str(piece);
        }
    }
    text
}

/// The form that `/database delete` opens for a member.
async fn deletion(guild: &Guild, member: &Member) -> Modal {
    let reply = member.runs(&guild.channel("general"), "/database delete").send().await.unwrap();
    reply.modal().unwrap_or_else(|| panic!("no form opened, but: {}", reply.text()))
}

/// Fills in a form with a name, submits it, and returns what only the member is told.
async fn named(member: &Member, form: &Modal, name: &str) -> String {
    let reply: Reply = member.fills(form).field("name", name).submit().await.unwrap();
    assert_private(&reply);
    picture(&reply)
}
