//! The command line: `run`, `check`, `healthcheck`, `invite-url`, `guild …`.
//!
//! **Invariants**
//! - Exit code 0: done; 1: it failed, and standard error says why; 2: the configuration or the token cannot be used.
//! - Standard output carries only what was asked for; everything else goes to standard error.
//!
//! To add a command: a variant of [`Command`], a file, and a line in [`main`].

mod check;
mod guild;
mod healthcheck;
mod invite;
mod output;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;

/// Muster, a Discord bot that gets answers.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
pub struct Cli {
    /// A configuration file in TOML; the environment (`MUSTER__SECTION__KEY`) wins over it.
    #[arg(long, global = true, value_name = "FILE", env = "MUSTER_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Run the bot (the default).
    Run,
    /// Check configuration, data directory and token, and say what is wrong with them.
    Check,
    /// Ask the running bot whether it is ready; for Docker's HEALTHCHECK.
    Healthcheck,
    /// Look after the data of guilds, whether the bot runs or not.
    Guild(guild::GuildArguments),
    /// Print the address at which the bot is invited to a server.
    InviteUrl {
        /// The application's id; taken from the token if it is left out.
        #[arg(long, value_name = "ID")]
        application_id: Option<u64>,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The configuration or the token cannot be used.
    #[error(transparent)]
    Configuration(#[from] crate::config::ConfigError),
    /// There is no usable token.
    #[error(transparent)]
    Token(#[from] crate::config::TokenError),
    /// `storage.max_open` asks for more than the system allows.
    #[error(transparent)]
    Descriptors(#[from] crate::storage::TooFewDescriptors),
    /// What was asked for cannot be written.
    #[error("Standard output cannot be written: {0}.")]
    Output(#[from] std::io::Error),
    /// Anything else, with its causes.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) | Self::Token(_) | Self::Descriptors(_) => ExitCode::from(2),
            Self::Output(_) | Self::Other(_) => ExitCode::FAILURE,
        }
    }
}

/// Does what the command line asks for.
#[must_use]
pub fn main(cli: &Cli) -> ExitCode {
    let outcome = match cli.command.clone().unwrap_or(Command::Run) {
        Command::Run => cli.load().and_then(run::run),
        Command::Check => cli.load().and_then(|config| check::check(&config)),
        Command::Healthcheck => cli.load().and_then(|config| healthcheck::healthcheck(&config)),
        Command::Guild(arguments) => cli.load().and_then(|config| guild::guild(&config, &arguments)),
        Command::InviteUrl { application_id } => invite::invite_url(application_id),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}

impl Cli {
    fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.config.as_deref())?)
    }
}

/// A runtime for one short errand.
fn small_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Other(anyhow::Error::new(error).context("the system gives no runtime")))
}
