//! The bot as its operator meets it: the program, its output, its exit code, its port.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use discord_emulator::Emulator;

/// How long the program may take to end.
const DEADLINE: Duration = Duration::from_secs(30);

/// The running program.
pub(crate) struct Program {
    child: Child,
    stderr: Option<JoinHandle<String>>,
}

const MUSTER: &str = env!("CARGO_BIN_EXE_muster");

/// The program with a clean environment and this data directory.
fn command(data: &Path) -> Command {
    prepared(Command::new(MUSTER), data)
}

fn prepared(mut command: Command, data: &Path) -> Command {
    command.env_clear().env("MUSTER__STORAGE__DATA_DIR", data).env("MUSTER__HTTP__LISTEN", "");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    /// Starts the bot against an emulator.
    pub(crate) fn start(discord: &Emulator, data: &Path, settings: &[(&str, &str)]) -> Self {
        Self::spawn(command(data), discord, settings)
    }

    /// Starts the bot as the user that has no rights, who has to own the data directory. Only root can do this.
    pub(crate) fn start_as_nobody(discord: &Emulator, data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut setpriv = prepared(Command::new("setpriv"), data);
        setpriv.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "./muster"]);
        // From its own folder: whoever it runs as may not get there.
        setpriv.current_dir(Path::new(MUSTER).parent().expect("it is in a folder"));
        Self::spawn(setpriv, discord, settings)
    }

    fn spawn(mut command: Command, discord: &Emulator, settings: &[(&str, &str)]) -> Self {
        command.env("DISCORD_TOKEN", discord.token()).env("MUSTER__DISCORD__API_URL", discord.api_url());
        command.env("MUSTER__REMINDERS__MIN_INTERVAL", "1s").envs(settings.iter().copied());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stderr.take().expect("its standard error");
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("its log is text");
            text
        });
        Self { child, stderr: Some(stderr) }
    }

    /// Runs the program with these arguments until it ends by itself.
    pub(crate) fn run(arguments: &[&str], data: &Path, settings: &[(&str, &str)]) -> Output {
        command(data).args(arguments).envs(settings.iter().copied()).output().expect("the program runs")
    }

    /// The same from a shell that first does `before`, which ends with what runs the program, such as `exec`.
    pub(crate) fn run_after(
        before: &str,
        arguments: &[&str],
        data: &Path,
        settings: &[(&str, &str)],
    ) -> Output {
        let mut shell = prepared(Command::new("/bin/sh"), data);
        // From its own folder: whoever it runs as may not get there.
        shell.current_dir(Path::new(MUSTER).parent().expect("it is in a folder"));
        shell.args(["-c", &format!("{before} \"$0\" \"$@\""), "./muster"]);
        shell.args(arguments).envs(settings.iter().copied()).output().expect("the shell runs")
    }

    /// Sends SIGTERM, as `docker stop` does.
    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Sends SIGINT, as Ctrl+C does.
    pub(crate) fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// How many files, sockets and the like it has open.
    pub(crate) fn descriptors(&self) -> usize {
        self.entries("fd")
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        self.entries("task")
    }

    fn entries(&self, what: &str) -> usize {
        std::fs::read_dir(format!("/proc/{}/{what}", self.child.id())).expect("it runs").count()
    }

    /// Whether it has not ended by itself.
    pub(crate) fn still_runs(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_none()
    }

    /// Whether SIGTERM ends it in its own way by now: until it listens, the system ends it.
    pub(crate) fn hears_signals(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        caught & (1 << 14) != 0
    }

    /// Sends SIGKILL, and waits for the end; what it wrote to standard error.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        self.stderr.take().expect("taken once").join().expect("read to its end")
    }

    /// Waits for the end; its exit status and what it wrote to standard error.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if started.elapsed() > DEADLINE {
                drop(self.child.kill());
                let log = self.stderr.take().expect("taken once").join().expect("read to its end");
                panic!("the program does not end; its log:\n{log}");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let stderr = self.stderr.take().expect("taken once").join().expect("read to its end");
        (status, stderr)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended: then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking()
            && let Some(Ok(log)) = self.stderr.take().map(JoinHandle::join)
        {
            drop(writeln!(std::io::stderr(), "the log of the program:\n{log}"));
        }
    }
}
