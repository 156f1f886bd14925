//! The real program, started as an operator starts it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use discord_emulator::Emulator;
use serde_json::Value;
use tokio::time::sleep;

use crate::process::Process;

const MUSTER: &str = env!("CARGO_BIN_EXE_muster");

/// How long it may take until something is so that is bound to be.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// How often it is looked whether something is so.
const LOOK: Duration = Duration::from_millis(10);

/// The running program; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
    metrics: String,
    client: reqwest::Client,
    pub(crate) started: Instant,
}

impl Program {
    /// Starts the bot on the data directory `data`; its log goes beside that. Returns when its port is open.
    pub(crate) async fn start(discord: &Emulator, data: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let log = data.with_extension("log");
        let started = Instant::now();
        let child = Command::new(MUSTER)
            .env_clear()
            .env("DISCORD_TOKEN", discord.token())
            .env("MUSTER__DISCORD__API_URL", discord.api_url())
            .env("MUSTER__STORAGE__DATA_DIR", data)
            .env("MUSTER__HTTP__LISTEN", "127.0.0.1:0")
            .env("MUSTER__LOG__FORMAT", "json")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{MUSTER} does not start"))?;
        let client = reqwest::Client::new();
        let mut program = Self { child, log, metrics: String::new(), client, started };
        let address = program.until_said("the port for health and metrics is open").await?;
        let address = address["fields"]["address"].as_str().context("the log does not name the port")?;
        program.metrics = format!("http://{address}/metrics");
        Ok(program)
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Waits for the first line of the log with this message.
    pub(crate) async fn until_said(&mut self, message: &str) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(line) = self.lines()?.into_iter().find(|line| line["fields"]["message"] == message) {
                return Ok(line);
            }
            self.ensure_running()?;
            sleep(LOOK).await;
        }
        bail!("the program never said {message:?}")
    }

    /// The log so far, line by line.
    pub(crate) fn lines(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(&self.log)?;
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// The lines of the log that are warnings or errors.
    pub(crate) fn complaints(&self) -> Result<Vec<String>> {
        let is_bad = |line: &Value| matches!(line["level"].as_str(), Some("WARN" | "ERROR"));
        Ok(self.lines()?.iter().filter(|line| is_bad(line)).map(ToString::to_string).collect())
    }

    /// Fails with what it last said if the program has ended.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "the program ended:\n{}", fs::read_to_string(&self.log)?);
        Ok(())
    }

    /// One of the program's own measures; 0 before there is any.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let page = self.client.get(&self.metrics).send().await?.text().await?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.map(str::parse).transpose()?.unwrap_or_default())
    }

    /// Sends SIGTERM, and waits for the end; how long that took.
    pub(crate) async fn stop(mut self) -> Result<Duration> {
        let asked = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        while self.child.try_wait()?.is_none() {
            ensure!(asked.elapsed() < PATIENCE, "the program does not stop");
            sleep(LOOK).await;
        }
        Ok(asked.elapsed())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended: then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
