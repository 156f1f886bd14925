//! What may be written after `muster guild`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::ids::GuildId;

/// Everything after `muster guild`.
#[derive(Debug, Clone, Args)]
pub(crate) struct GuildArguments {
    /// Print JSON: `list` one array, a command for one guild one object, one with `--all` one object per line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    pub(super) command: GuildCommand,
}

impl GuildArguments {
    pub(super) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

/// For whom something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What to do with guilds.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum GuildCommand {
    /// List all guilds with the state of their stores.
    List,
    /// Say everything about one guild's store, and check it.
    Info {
        /// The guild's number.
        id: GuildId,
    },
    /// Take a backup of a guild's store.
    Backup(Which),
    /// Put a backup in place of a guild's store; the store that was there is kept aside.
    ///
    /// Reminders that were due before this moment are marked as skipped, not sent.
    Restore {
        /// The guild's number.
        id: GuildId,
        /// The backup: a file, or only the name of one of the guild's own; the newest good one if it is left out.
        file: Option<PathBuf>,
    },
    /// Check a guild's store for damage.
    Verify(Which),
    /// Give the space that a guild's store does not need back to the disk.
    Optimize(Which),
    /// Delete everything that is kept of a guild.
    Delete {
        /// The guild's number.
        id: GuildId,
        /// Do not ask, at a terminal, for the number to be typed.
        #[arg(long, short)]
        yes: bool,
    },
    /// Print everything known about a guild as one JSON document.
    Export {
        /// The guild's number.
        id: GuildId,
        #[command(flatten)]
        target: Target,
    },
}

/// One guild, or all of them.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The guild's number.
    pub(super) id: Option<GuildId>,
    /// Every guild that has a store, one after the other.
    #[arg(long)]
    pub(super) all: bool,
}

/// Where an export goes.
#[derive(Debug, Clone, Args)]
pub(super) struct Target {
    /// Write to this file, which only you can read, instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace the file if it exists.
    #[arg(long, requires = "output")]
    force: bool,
}

/// What to do with a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// Leave it and fail.
    Keep,
    /// Write over it.
    Replace,
}

impl Target {
    pub(super) fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }
}
