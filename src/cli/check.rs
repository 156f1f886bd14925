//! `muster check`: everything that can be known before the bot runs.

use super::{Failure, output};
use crate::config::{Config, Token};
use crate::storage::{DataDir, Registry, StorageError, reserve_descriptors};

pub(super) fn check(config: &Config) -> Result<(), Failure> {
    output::say("configuration: valid")?;
    let needed = reserve_descriptors(config.storage.max_open)?;
    output::say(format_args!("file descriptors: enough for storage.max_open, which needs {needed}"))?;
    let data_dir = &config.storage.data_dir;
    let writable = DataDir::open(data_dir).and_then(|dir| Registry::check_writable(&dir));
    match writable {
        Ok(()) => output::say(format_args!("data directory: {} can be written", data_dir.display()))?,
        Err(StorageError::InUseByAnother { .. }) => {
            output::say(format_args!(
                "data directory: {} is in use by a running Muster",
                data_dir.display()
            ))?;
        }
        Err(error) => return Err(anyhow::Error::new(error).into()),
    }
    Token::from_environment()?.check_shape()?;
    output::say("token: there, and of the right shape")?;
    Ok(())
}
