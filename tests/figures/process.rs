//! A running program as the system sees it. Linux only, like what it reads.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// What one tick of the processor times in `/proc` stands for, on every Linux.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>, `USER_HZ`
const TICK: Duration = Duration::from_millis(10);

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

/// What a process takes of the machine at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Memory in use, in KiB.
    pub(crate) resident: u64,
    /// The same, what is shared with others divided among them.
    pub(crate) proportional: u64,
    /// The part that the program allocated itself.
    pub(crate) anonymous: u64,
    /// The most memory that was in use at any time, in KiB.
    pub(crate) peak: u64,
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
}

impl Process {
    pub(crate) fn footprint(self) -> Result<Footprint> {
        let rollup = self.read("smaps_rollup")?;
        let status = self.read("status")?;
        Ok(Footprint {
            resident: kibibytes(&rollup, "Rss:")?,
            proportional: kibibytes(&rollup, "Pss:")?,
            anonymous: kibibytes(&rollup, "Anonymous:")?,
            peak: kibibytes(&status, "VmHWM:")?,
            threads: self.entries("task")?,
            descriptors: self.entries("fd")?,
        })
    }

    /// The processor time that it has taken so far, the system's for it included.
    pub(crate) fn processor_time(self) -> Result<Duration> {
        let stat = self.read("stat")?;
        // The name of the program, in parentheses, may hold spaces.
        let (_, fields) = stat.rsplit_once(')').context("the system tells no processor times")?;
        let ticks = |place| -> Result<u32> {
            let field = fields.split_whitespace().nth(place);
            Ok(field.context("the system tells no processor times")?.parse()?)
        };
        // Fields 14 and 15 of the whole line; the first two stand before these.
        Ok(TICK * (ticks(11)? + ticks(12)?))
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))
    }

    fn entries(self, directory: &str) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/{directory}", self.0))?.count())
    }
}

fn kibibytes(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.with_context(|| format!("the system does not tell {name}"))?.parse()?)
}
