//! The command line's side: asks the bot that runs.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::address::Address;
use super::protocol::{ANSWER_LIMIT, Greeting, Line, Outcome, read_line, write_line};

/// How long a bot that is well takes at most to greet.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the running bot did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is there to be asked.
    #[error("the running Muster cannot be asked through {}", super::address::NAME)]
    Unreachable(#[source] io::Error),
    /// Whoever is there has nothing to say.
    #[error("the running Muster has not answered for {} s", PATIENCE.as_secs())]
    Silent,
    /// Another version of Muster runs.
    #[error(
        "the running Muster is version {theirs} and this command is version {ours}: use the running Muster's own \
         program, or restart it with this one"
    )]
    OtherVersion {
        /// The version of the bot.
        theirs: String,
        /// The version of this program.
        ours: String,
    },
    /// The connection broke before there was an answer; what was asked for may have been done.
    #[error("the running Muster went away before it answered: it was stopped, or it crashed")]
    Lost,
    /// It answered something that this program does not understand.
    #[error("the answer of the running Muster cannot be understood")]
    NotUnderstood(#[source] serde_json::Error),
    /// It says why it did not do it.
    #[error("{0}")]
    Refused(String),
}

/// A connection to the running bot.
#[derive(Debug)]
pub struct Client {
    reading: BufReader<OwnedReadHalf>,
    writing: OwnedWriteHalf,
}

impl Client {
    /// Connects to the bot that has the lock of this data directory.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`], also for a moment while the bot starts or stops; [`ClientError::Silent`],
    /// [`ClientError::OtherVersion`].
    pub async fn connect(dir: &Path) -> Result<Self, ClientError> {
        let address = Address::of(dir).map_err(ClientError::Unreachable)?;
        let stream = UnixStream::connect(address.path()).await.map_err(ClientError::Unreachable)?;
        let (reading, writing) = stream.into_split();
        let mut client = Self { reading: BufReader::new(reading), writing };
        let greeting = tokio::time::timeout(PATIENCE, client.read::<Greeting>());
        let (theirs, ours) = (greeting.await.map_err(|_| ClientError::Silent)??, Greeting::ours());
        if theirs == ours {
            Ok(client)
        } else {
            Err(ClientError::OtherVersion { theirs: theirs.muster, ours: ours.muster })
        }
    }

    /// Asks for something and waits for as long as it takes.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the bot's own sentence, [`ClientError::Lost`], [`ClientError::NotUnderstood`].
    ///
    /// # Cancel safety
    /// What was asked for comes to its end; the connection must not be used any more.
    pub async fn ask<Q, A>(&mut self, request: &Q) -> Result<A, ClientError>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        write_line(&mut self.writing, request).await.map_err(|_| ClientError::Lost)?;
        match self.read().await? {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Error(sentence) => Err(ClientError::Refused(sentence)),
        }
    }

    async fn read<T: DeserializeOwned>(&mut self) -> Result<T, ClientError> {
        match read_line(&mut self.reading, ANSWER_LIMIT).await {
            Ok(Line::Whole(line)) => serde_json::from_slice(&line).map_err(ClientError::NotUnderstood),
            Ok(Line::TooLong | Line::End) | Err(_) => Err(ClientError::Lost),
        }
    }
}
