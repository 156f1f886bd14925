//! Whoever has the data directory and does the work: the bot that runs, or this command itself.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::time::Instant;

use super::Failure;
use super::data_dir;
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
        data_dir::check_there(dir)?;
        // It opens one after the other, and nobody gave it the descriptors that the bot takes.
        let storage = StorageConfig { max_open: config.storage.max_open.min(FEW), ..config.storage.clone() };
        let deadline = Instant::now() + PATIENCE;
        let hands = loop {
            let silent = match Client::connect(dir).await {
                Ok(client) => break Hands::TheBots(client),
                Err(error) => error,
            };
            // A socket that nobody serves, or none: either the bot does not run, or it is about to start or to stop.
            let nobody = matches!(silent, ClientError::Unreachable(_) | ClientError::Lost);
            if nobody {
                data_dir::check_owner(dir, rustix::process::geteuid().as_raw())?;
                match Offline::open(&storage, Arc::new(SystemClock)).await {
                    Ok(offline) => break Hands::Ours(offline),
                    Err(StorageError::InUseByAnother { .. }) => {}
                    Err(error) => return Err(anyhow!(chain(&error)).into()),
                }
            }
            if !nobody || Instant::now() >= deadline {
                let (dir, why) = (dir.display(), chain(&silent));
                return Err(anyhow!("Another Muster uses {dir}: stop it first, since {why}.").into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let interrupt = Interrupt::listen().context("signals cannot be listened to")?;
        Ok(Self { hands, interrupt })
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
