//! `muster guild export`: everything known about a guild, as one JSON document.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, anyhow};
use indicatif::HumanBytes;
use serde_json::json;

use super::arguments::{Existing, Format, Target};
use super::keeper::Keeper;
use super::{Failure, output};
use crate::ids::GuildId;
use crate::upkeep::{Answer, Request};

impl Target {
    /// Sees early that the file may be written, before the work is done for nothing.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &self.output {
            Some(file) if self.existing() == Existing::Keep && fs::symlink_metadata(file).is_ok() => {
                Err(exists(file))
            }
            _ => Ok(()),
        }
    }
}

pub(super) async fn export(
    keeper: &mut Keeper,
    guild: GuildId,
    target: &Target,
    format: Format,
) -> Result<(), Failure> {
    let Answer::Export(export) = keeper.ask(&Request::Export(guild)).await? else {
        return Err(anyhow!("Muster was asked for an export and answered something else.").into());
    };
    let text = serde_json::to_string_pretty(&export).context("the export cannot be written as JSON")?;
    let Some(file) = &target.output else { return Ok(output::say(text)?) };
    write(file, target.existing(), &text)?;
    let size = u64::try_from(text.len() + 1).unwrap_or(u64::MAX);
    match format {
        Format::Text => {
            output::say(format_args!("{guild}: written to {} ({})", file.display(), HumanBytes(size)))?;
        }
        Format::Json => output::say(json!({ "guild_id": guild, "file": file, "size_bytes": size }))?,
    }
    Ok(())
}

/// Writes a file that only this user can read; none if it cannot be written whole.
fn write(file: &Path, existing: Existing, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    match existing {
        Existing::Keep => options.create_new(true),
        Existing::Replace => options.create(true).truncate(true),
    };
    let mut opened = match options.open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(file)),
        opened => opened.with_context(|| format!("{} cannot be written", file.display()))?,
    };
    let is_file = opened.metadata().is_ok_and(|found| found.is_file());
    let written = (|| {
        if is_file {
            // One that is replaced may have been open to others.
            opened.set_permissions(PermissionsExt::from_mode(0o600))?;
        }
        opened.write_all(text.as_bytes())?;
        opened.write_all(b"\n")?;
        if is_file { opened.sync_all() } else { Ok(()) }
    })();
    if written.is_err() && is_file {
        // Half an export is worse than none; that it could not be written is told below.
        drop(fs::remove_file(file));
    }
    Ok(written.with_context(|| format!("{} cannot be written", file.display()))?)
}

fn exists(file: &Path) -> Failure {
    anyhow!("{} exists already; --force replaces it.", file.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_private_and_replaced_only_by_force() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("export.json");
        write(&file, Existing::Keep, "first").unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let refused = write(&file, Existing::Keep, "second").unwrap_err().to_string();
        assert!(refused.contains("exists already"), "{refused}");
        write(&file, Existing::Replace, "third").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "third\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let refused = write(Path::new("/nowhere/export.json"), Existing::Keep, "").unwrap_err().to_string();
        assert!(refused.starts_with("/nowhere/export.json cannot be written"), "{refused}");
        let full = write(Path::new("/dev/full"), Existing::Replace, "text").unwrap_err().to_string();
        assert!(full.starts_with("/dev/full cannot be written"), "{full}");
    }
}
