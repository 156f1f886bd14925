//! `muster guild …`: what an operator can do with a guild's store, whether the bot runs or not.
//!
//! While the bot runs it has the data directory, and it does the work: the command asks it through its control socket.
//! Otherwise the command takes the data directory for as long as it works, as the bot would.
//!
//! **Invariants**
//! - Nothing but the data directory is needed: no token, no network.
//! - A data directory that is not there is never made here: its name was mistyped. One of another user is left alone.
//! - One guild at which something fails does not stop the others; the end says how many failed.
//!
//! To add a command: a variant of [`GuildCommand`], its arm in [`run`], and its words in [`text`].

mod all;
mod arguments;
mod confirm;
mod data_dir;
mod export;
mod interrupt;
mod keeper;
mod outcome;
mod text;

use std::path::{Path, PathBuf};

use anyhow::Context;

pub(super) use self::arguments::GuildArguments;
use self::arguments::{Format, GuildCommand, Which};
use self::keeper::Keeper;
use self::outcome::Errand;
use super::{Failure, output, small_runtime};
use crate::config::Config;
use crate::upkeep::Request;

/// Does what the arguments ask for.
pub(super) fn guild(config: &Config, arguments: &GuildArguments) -> Result<(), Failure> {
    // Before the data directory is taken: nobody is kept from it while somebody thinks.
    if let GuildCommand::Delete { id, yes: false } = &arguments.command {
        confirm::confirm_deletion(*id)?;
    }
    if let GuildCommand::Export { target, .. } = &arguments.command {
        target.check()?;
    }
    small_runtime()?.block_on(async {
        let mut keeper = Keeper::find(config).await?;
        let done = run(&mut keeper, arguments).await;
        let closed = keeper.close().await;
        done.and(closed)
    })
}

async fn run(keeper: &mut Keeper, arguments: &GuildArguments) -> Result<(), Failure> {
    let format = arguments.format();
    match &arguments.command {
        GuildCommand::List => list(keeper, format).await,
        GuildCommand::Info { id } => one(keeper, Request::Info(*id), format).await,
        GuildCommand::Backup(which) => each(keeper, Errand::BackUp, which, format).await,
        GuildCommand::Verify(which) => each(keeper, Errand::Verify, which, format).await,
        GuildCommand::Optimize(which) => each(keeper, Errand::Optimize, which, format).await,
        GuildCommand::Restore { id, file } => {
            let from = file.as_deref().map(backup_named).transpose()?;
            one(keeper, Request::Restore { guild: *id, from }, format).await
        }
        GuildCommand::Delete { id, .. } => one(keeper, Request::Delete(*id), format).await,
        GuildCommand::Export { id, target } => export::export(keeper, *id, target, format).await,
    }
}

/// The file that is meant: a name alone is one of the guild's backups, unless there is such a file right here; the bot, whose
/// working directory is another than ours, gets anything else in full.
fn backup_named(file: &Path) -> anyhow::Result<PathBuf> {
    if file.components().count() == 1 && !file.is_file() {
        return Ok(file.to_owned());
    }
    std::path::absolute(file).with_context(|| format!("{} cannot be found", file.display()))
}

async fn list(keeper: &mut Keeper, format: Format) -> Result<(), Failure> {
    let guilds = keeper.list().await?;
    match format {
        Format::Text => output::say(text::table(&guilds))?,
        Format::Json => output::say(outcome::json(&guilds)?)?,
    }
    Ok(())
}

async fn each(keeper: &mut Keeper, errand: Errand, which: &Which, format: Format) -> Result<(), Failure> {
    match which.id {
        Some(guild) => one(keeper, errand.request(guild), format).await,
        None => all::all(keeper, errand, format).await,
    }
}

/// Has one thing done for one guild.
async fn one(keeper: &mut Keeper, request: Request, format: Format) -> Result<(), Failure> {
    let answer = keeper.ask(&request).await?;
    match format {
        Format::Text => output::say(text::lines(&answer))?,
        Format::Json => output::say(outcome::answer_as_json(&answer)?)?,
    }
    match outcome::complaint(&answer) {
        Some(complaint) => Err(anyhow::Error::msg(complaint).into()),
        None => Ok(()),
    }
}
