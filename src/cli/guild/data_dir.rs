//! Mistakes about the data directory that are noticed before anything is changed in it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::anyhow;

use super::Failure;

/// What the bot makes first in its data directory.
const FIRST_MADE: [&str; 2] = ["system.db", "guilds"];

/// Sees that there is a data directory: a command would otherwise make one where nobody looks for it.
pub(super) fn check_there(dir: &Path) -> Result<(), Failure> {
    // What cannot be looked at says so when it is opened.
    let is_missing = |path: &Path| {
        let found = fs::symlink_metadata(path);
        found.is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
    };
    let problem = if is_missing(dir) {
        format!("There is no data directory {}", dir.display())
    } else if FIRST_MADE.iter().all(|name| is_missing(&dir.join(name))) {
        format!(
            "{} is not a data directory of Muster's: it holds neither system.db nor guilds",
            dir.display()
        )
    } else {
        return Ok(());
    };
    Err(anyhow!("{problem}. Which one is meant stands in storage.data_dir.").into())
}

/// Sees that what this user writes can be read by the user that the bot runs as: root could, but the bot could not read what
/// root leaves.
pub(super) fn check_owner(dir: &Path, user_id: u32) -> Result<(), Failure> {
    let Some(made) = FIRST_MADE.iter().find_map(|name| fs::symlink_metadata(dir.join(name)).ok()) else {
        return Ok(());
    };
    let owner = made.uid();
    if owner == user_id {
        return Ok(());
    }
    let dir = dir.display();
    Err(anyhow!(
        "What is in {dir} belongs to user id {owner}, which could not read what this user (id {user_id}) writes: run the \
         command as that user."
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_else_than_the_bots_user_is_refused() {
        let tmp = tempfile::tempdir().unwrap();
        let ours = fs::metadata(tmp.path()).unwrap().uid();
        assert!(check_owner(tmp.path(), ours + 1).is_ok(), "nothing is there that could belong to anybody");
        fs::create_dir(tmp.path().join("guilds")).unwrap();
        assert!(check_owner(tmp.path(), ours).is_ok());
        let refused = check_owner(tmp.path(), ours + 1).unwrap_err().to_string();
        assert!(refused.contains(&format!("belongs to user id {ours}")), "{refused}");
    }
}
