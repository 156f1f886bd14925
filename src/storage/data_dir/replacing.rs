//! Another directory in the place of a guild's own.
//!
//! Two renames cannot be one. So the new directory is marked ready first: killed between them, the next start ends what was
//! begun, and the guild is never left without either.

use std::path::PathBuf;

use super::guild_dirs::guild_named;
use super::set_aside::Telling;
use super::{DataDir, OnDisk, names_in};
use crate::clock::Timestamp;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::files::{failed, kind, remove_all, sync_dir};

/// A directory that only has to get its guild's name carries this behind the guild's number.
const READY: &str = "ready";

impl DataDir {
    /// Puts the directory that was begun in the place of the guild's own, which is set aside if there is one, and returns
    /// where that is. The database in it must have been flushed. After an error the guild has what it had.
    pub(in crate::storage) fn replace_guild(
        &self,
        guild: GuildId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<PathBuf>, StorageError> {
        let cleared = self.make_ready(guild).and_then(|()| self.clear_place(guild, reason, now));
        let aside = match cleared {
            Ok(aside) => aside,
            Err(error) => {
                self.give_up_guild(guild)?;
                return Err(error);
            }
        };
        let dir = self.guild_dir(guild);
        if let Err(error) = std::fs::rename(self.ready_dir(guild), &dir) {
            // If what was there cannot go back, the next start puts the new one in its place.
            if aside.as_ref().is_none_or(|aside| std::fs::rename(aside, &dir).is_ok()) {
                self.give_up_guild(guild)?;
            }
            return Err(failed("create", &dir)(error));
        }
        sync_dir(&self.guilds_dir())?;
        Ok(aside)
    }

    pub(super) fn ready_dir(&self, guild: GuildId) -> PathBuf {
        self.guilds_dir().join(format!("{guild}.{READY}"))
    }

    pub(super) fn make_ready(&self, guild: GuildId) -> Result<(), StorageError> {
        let (unfinished, ready) = (self.unfinished_dir(guild), self.ready_dir(guild));
        sync_dir(&unfinished)?;
        if kind(&ready)?.is_some() {
            remove_all(&ready)?;
        }
        std::fs::rename(&unfinished, &ready).map_err(failed("create", &ready))?;
        sync_dir(&self.guilds_dir())
    }

    /// Sets aside what the guild has, if it has something.
    fn clear_place(
        &self,
        guild: GuildId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<PathBuf>, StorageError> {
        match self.look_up(guild)? {
            OnDisk::Nothing | OnDisk::SetAside(_) => Ok(None),
            OnDisk::Database(_) | OnDisk::Unusable(_) => {
                self.set_aside(guild, reason, Telling::Nobody, now).map(Some)
            }
        }
    }

    /// Ends the replacements that were interrupted: a guild whose own directory is away gets the one that is ready.
    pub(super) fn end_replacements(&self) -> Result<(), StorageError> {
        for name in names_in(&self.guilds_dir())? {
            let Some((number, READY)) = name.rsplit_once('.') else { continue };
            let Some(guild) = guild_named(number) else { continue };
            tracing::info!(guild.id = %guild, "ending a restore that was interrupted");
            if let Err(error) = self.end_replacement(guild) {
                tracing::warn!(guild.id = %guild, error = chain(&error), "a restore stays interrupted");
            }
        }
        Ok(())
    }

    fn end_replacement(&self, guild: GuildId) -> Result<(), StorageError> {
        let (ready, dir) = (self.ready_dir(guild), self.guild_dir(guild));
        if kind(&dir)?.is_some() {
            return remove_all(&ready);
        }
        std::fs::rename(&ready, &dir).map_err(failed("create", &dir))?;
        sync_dir(&self.guilds_dir())
    }
}
