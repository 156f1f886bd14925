//! The bot's side: takes requests from the socket and has them done.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};

use super::address::{Address, NAME};
use super::protocol::{Greeting, Line, Outcome, REQUEST_LIMIT, read_line, write_line};
use crate::errors::chain;
use crate::lifecycle::{Lifecycle, Shutdown};

/// How long to wait after the system gave no connection, for it to have one again.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How long a client may take, once Muster stops, to read an answer that is ready.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Something else has its name.
    #[error("{} is in the way: it is not a socket.", .0.display())]
    Occupied(PathBuf),
    /// The system refused it.
    #[error("The control socket {} cannot be opened", path.display())]
    Refused {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Whoever does what is asked for through the socket.
pub trait Clerk: Clone + Send + Sync + 'static {
    /// What may be asked for.
    type Request: DeserializeOwned + Send + 'static;
    /// What comes of it.
    type Answer: Serialize + Send + Sync + 'static;

    /// Does what is asked for, or says in a sentence why not.
    fn answer(&self, request: Self::Request) -> impl Future<Output = Result<Self::Answer, String>> + Send;
}

/// The socket, there for this user alone. It goes when this is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Opens the socket in a data directory of which this process has the lock: one that is there already is of a process
    /// that was killed, and is replaced.
    ///
    /// # Errors
    /// [`SocketError`]. Muster can do without the socket; its operator has to know.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn open(dir: &Path) -> Result<Self, SocketError> {
        let path = dir.join(NAME);
        clear_stale(&path)?;
        let refused = |source| SocketError::Refused { path: path.clone(), source };
        let address = Address::of(dir).map_err(refused)?;
        let listener = UnixListener::bind(address.path()).map_err(refused)?;
        let socket = Self { listener, path: path.clone() };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).map_err(refused)?;
        Ok(socket)
    }

    /// Serves the socket until a stop is asked for. What was begun until then comes to its end on the tracker.
    ///
    /// # Errors
    /// None: a connection that fails concerns nobody else.
    pub async fn serve<C: Clerk>(self, clerk: C, lifecycle: Lifecycle) -> Result<(), Infallible> {
        loop {
            let accepted = tokio::select! {
                biased;
                () = lifecycle.shutdown().requested() => return Ok(()),
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let conversation = converse(stream, clerk.clone(), lifecycle.clone());
                    lifecycle.tracker().spawn(async move {
                        if let Err(error) = conversation.await {
                            tracing::debug!(error = chain(&error), "a client of the control socket is gone");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "the control socket takes no connection just now");
                    tokio::select! {
                        () = lifecycle.shutdown().requested() => return Ok(()),
                        () = tokio::time::sleep(AFTER_REFUSAL) => {}
                    }
                }
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(error = chain(&error), "the control socket was not there any more");
        }
    }
}

/// Removes the socket of a process that was killed.
fn clear_stale(path: &Path) -> Result<(), SocketError> {
    let refused = |source| SocketError::Refused { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path).map_err(refused),
        Ok(_) => Err(SocketError::Occupied(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

/// Answers one client, a request at a time, until it goes or Muster stops.
async fn converse<C: Clerk>(stream: UnixStream, clerk: C, lifecycle: Lifecycle) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    write_line(&mut writing, &Greeting::ours()).await?;
    loop {
        let line = tokio::select! {
            biased;
            () = lifecycle.shutdown().requested() => return Ok(()),
            line = read_line(&mut reading, REQUEST_LIMIT) => line?,
        };
        let (outcome, goes_on) = match line {
            Line::Whole(request) => (have_done(&request, &clerk, &lifecycle).await, true),
            // Where the next request begins is not to be known.
            Line::TooLong => (Outcome::Error(format!("A request has at most {REQUEST_LIMIT} bytes.")), false),
            Line::End => return Ok(()),
        };
        tokio::select! {
            written = write_line(&mut writing, &outcome) => written?,
            () = too_late(lifecycle.shutdown()) => return Ok(()),
        }
        if !goes_on {
            return Ok(());
        }
    }
}

/// Has a request done. It runs on the tracker, and so to its end even if nobody waits for it any more.
async fn have_done<C: Clerk>(request: &[u8], clerk: &C, lifecycle: &Lifecycle) -> Outcome<C::Answer> {
    let request = match serde_json::from_slice(request) {
        Ok(request) => request,
        Err(error) => return Outcome::Error(format!("The request is not one that Muster knows ({error}).")),
    };
    let clerk = clerk.clone();
    match lifecycle.tracker().spawn(async move { clerk.answer(request).await }).await {
        Ok(Ok(answer)) => Outcome::Answer(answer),
        Ok(Err(sentence)) => Outcome::Error(sentence),
        Err(_) => Outcome::Error("Muster failed at it; its log says where.".to_owned()),
    }
}

/// Returns once a client that does not read its answer must not hold up the stop any longer.
async fn too_late(shutdown: &Shutdown) {
    shutdown.requested().await;
    tokio::time::sleep(LAST_WORDS).await;
}
