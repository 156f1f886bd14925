//! Whoever has the data directory and does the work: the bot that runs, or this command itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::time::Instant;

use super::Failure;
use super::interrupt::Interrupt;
use crate::clock::SystemClock;
use crate::config::{Config, StorageConfig};
use crate::control::{Client, ClientError};
use crate::errors::chain;
use crate::storage::StorageError;
use crate::upkeep::{Answer, GuildSummary, Offline, Request};

/// How long somebody may have the data directory without being there to be asked: a bot that starts or stops, another
/// command.
const PATIENCE: Duration = Duration::from_secs(3);

/// Stores that a command keeps open at the same time.
const FEW: usize = 8;

/// How often to look whether it has changed.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whoever does the work.
pub(super) struct Keeper {
    hands: Hands,
    interrupt: Interrupt,
}

enum Hands {
    /// This command has the data directory.
    Ours(Offline),
    /// The bot has it.
    TheBots(Client),
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It cannot be done for this guild; a sentence says why.
    #[error("{0}")]
    Refused(String),
    /// Nothing can be done any more.
    #[error(transparent)]
    Gone(anyhow::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Refused(sentence) => anyhow::Error::msg(sentence).into(),
            Refusal::Gone(error) => error.into(),
        }
    }
}

impl Keeper {
    /// Takes the data directory, or finds the bot that has it.
    ///
    /// # Errors
    /// If there is no data directory, it cannot be used, or whoever has it cannot be asked.
    pub(super) async fn find(config: &Config) -> Result<Self, Failure> {
        let dir = &config.storage.data_dir;
        check_there(dir)?;
        // It opens one after the other, and nobody gave it the descriptors that the bot takes.
        let storage = StorageConfig { max_open: config.storage.max_open.min(FEW), ..config.storage.clone() };
        let interrupt = Interrupt::listen().context("signals cannot be listened to")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Offline::open(&storage, Arc::new(SystemClock)).await {
                Ok(offline) => return Ok(Self { hands: Hands::Ours(offline), interrupt }),
                Err(StorageError::InUseByAnother { .. }) => {}
                Err(error) => return Err(anyhow!(chain(&error)).into()),
            }
            match Client::connect(dir).await {
                Ok(client) => return Ok(Self { hands: Hands::TheBots(client), interrupt }),
                // It may be about to start or to stop.
                Err(ClientError::Unreachable(_) | ClientError::Lost) if Instant::now() < deadline => {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(error) => {
                    let (dir, why) = (dir.display(), chain(&error));
                    return Err(anyhow!("Another Muster uses {dir}: stop it first, since {why}.").into());
                }
            }
        }
    }

    /// Has something done.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Answer, Refusal> {
        let Self { hands, interrupt } = self;
        interrupt.let_finish(hands.ask(request)).await
    }

    /// Whether the operator wants no more to be begun.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.is_heard()
    }

    /// All guilds.
    pub(super) async fn list(&mut self) -> Result<Vec<GuildSummary>, Refusal> {
        match self.ask(&Request::List).await? {
            Answer::List(guilds) => Ok(guilds),
            _ => Err(Refusal::Gone(anyhow!("Muster was asked for a list and answered something else."))),
        }
    }

    /// Lets go of the data directory.
    ///
    /// # Errors
    /// If what was done could not be noted down for the bot; it looks through all stores at its next start then.
    pub(super) async fn close(self) -> Result<(), Failure> {
        match self.hands {
            Hands::Ours(offline) => Ok(offline.close().await.map_err(|error| anyhow!(chain(&error)))?),
            Hands::TheBots(_) => Ok(()),
        }
    }
}

impl Hands {
    async fn ask(&mut self, request: &Request) -> Result<Answer, Refusal> {
        match self {
            Self::Ours(offline) => {
                offline.upkeep.answer(request.clone()).await.map_err(|error| Refusal::Refused(chain(&error)))
            }
            Self::TheBots(client) => client.ask(request).await.map_err(|error| match error {
                ClientError::Refused(sentence) => Refusal::Refused(sentence),
                error => Refusal::Gone(anyhow!(sentence(&chain(&error)))),
            }),
        }
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Sees that there is a data directory: a command would otherwise make one where nobody looks for it.
fn check_there(dir: &Path) -> Result<(), Failure> {
    let keeps_something = ["system.db", "guilds"].iter().any(|name| dir.join(name).exists());
    match std::fs::symlink_metadata(dir) {
        Ok(_) if keeps_something => Ok(()),
        // What cannot be looked at says so when it is opened.
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(anyhow!("{} is not a data directory of Muster's: it holds neither system.db nor guilds. Which one is meant stands in storage.data_dir.", dir.display()).into()),
        Err(_) => Err(anyhow!("There is no data directory {}. Which one is meant stands in storage.data_dir.", dir.display()).into()),
    }
}
