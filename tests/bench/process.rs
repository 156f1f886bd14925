//! What the system knows of this process, and which processors it may use. Linux only, like what it reads.

use std::fs;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How many processors a group may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processors {
    One,
    All,
}

/// The processors that this process may use.
pub(crate) fn processors() -> Result<CpuSet> {
    Ok(sched_getaffinity(None)?)
}

/// Confines this thread, and all that it starts from now on, to one of these processors or to all.
pub(crate) fn use_processors(how_many: Processors, all: &CpuSet) -> Result<()> {
    let mut chosen = *all;
    if how_many == Processors::One {
        // The last one: the first also serves the interrupts.
        let last = (0..CpuSet::MAX_CPU).rev().find(|number| all.is_set(*number));
        chosen.clear();
        chosen.set(last.context("this process may use no processor")?);
    }
    Ok(sched_setaffinity(None, &chosen)?)
}

/// The memory of this process that is in use, in kibibytes.
pub(crate) fn resident_kib() -> Result<u64> {
    status("VmRSS:")
}

/// How many threads this process has.
pub(crate) fn threads() -> Result<u64> {
    status("Threads:")
}

/// How many files this process has open.
pub(crate) fn descriptors() -> Result<u64> {
    Ok(u64::try_from(fs::read_dir("/proc/self/fd")?.count())?)
}

fn status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.with_context(|| format!("the system does not tell {name}"))?.parse()?)
}
