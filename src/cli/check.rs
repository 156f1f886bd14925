//! `muster check`: everything that can be known before the bot runs.

use super::{Failure, output};
use crate::config::{Config, Token};
use crate::storage::DataDir;

pub(super) fn check(config: &Config) -> Result<(), Failure> {
    output::say("configuration: valid");
    let data_dir = &config.storage.data_dir;
    DataDir::open(data_dir).map_err(anyhow::Error::new)?;
    output::say(format_args!("data directory: {} can be written", data_dir.display()));
    let token = Token::from_environment()?;
    if token.looks_genuine() {
        output::say("token: there, and of the right shape");
    } else {
        output::say(
            "token: there, but not of the shape that Discord's tokens have (three parts with dots between them); copy \
             it again from the page \"Bot\" of your application",
        );
    }
    Ok(())
}
