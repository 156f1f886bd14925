//! `muster run`: the bot itself.

use std::sync::Arc;

use anyhow::Context;

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{Config, Token};
use crate::http::SCHEDULER_SILENCE;
use crate::lifecycle::{self, Lifecycle, Pulse, Shutdown};
use crate::run::Bot;
use crate::storage::reserve_descriptors;
use crate::telemetry;

pub(super) fn run(config: Config) -> Result<(), Failure> {
    let token = Token::from_environment()?;
    reserve_descriptors(config.storage.max_open)?;
    telemetry::start_log(&config.log).context("the log cannot be started")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads for the runtime")?;
    let outcome = runtime.block_on(async {
        let (lifecycle, failures) = Lifecycle::new(Shutdown::default());
        lifecycle::stop_on_signals(&lifecycle).context("signals cannot be listened to")?;
        let pulse = Pulse::default();
        lifecycle::watchdog(pulse.clone(), SCHEDULER_SILENCE).context("the watchdog gets no thread")?;
        let bot = Bot { config, token, clock: Arc::new(SystemClock), pulse };
        bot.run(lifecycle, failures).await
    });
    // Whatever still blocks a thread had its time.
    runtime.shutdown_background();
    Ok(outcome?)
}
