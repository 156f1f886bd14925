//! The page with all figures, and what is printed while they are made.
#![expect(clippy::print_stdout, reason = "a table is what a benchmark is for")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::report::Table;

/// Everything but the figures themselves.
const HEAD: &str = "# Benchmarks

What Muster does in time, and what it takes of the machine. One command measures all of it and writes this page:

```sh
cargo bench --bench figures             # a quarter of an hour; nothing else should run meanwhile
cargo bench --bench figures -- answers  # one measurement; writes nothing
```

The program that is measured is the real one, on an emulator of Discord that answers at once and keeps Discord's rate limits.
The emulator runs on the same processors, which Muster therefore shares: times are rather too long than too short. What
the guilds' stores cost next to SQLite alone is measured by `cargo bench --bench stores` (see
[ARCHITECTURE.md](ARCHITECTURE.md)).

";

/// Prints the table as text.
pub(crate) fn print(table: &Table) {
    println!("{}", table.title);
    for row in &table.rows {
        let (target, verdict) = row.verdict();
        println!("  {:<58} {:>16}   {target:<16} {verdict}", row.what, row.figure.to_string());
    }
}

/// The last line.
pub(crate) fn print_verdict(missed: usize) {
    match missed {
        0 => println!("Every target is met."),
        1 => println!("One target is missed."),
        _ => println!("{missed} targets are missed."),
    }
}

/// Writes the whole page.
pub(crate) fn write(file: &Path, load: &str, tables: &[Table]) -> Result<()> {
    let mut page = String::from(HEAD);
    writeln!(page, "Measured on: {}.", machine()?)?;
    writeln!(page, "Load of the machine just before, by others: {load} (average of a minute).")?;
    for table in tables {
        write!(
            page,
            "\n## {}\n\n{}\n\n| what | figure | target | |\n| --- | --- | --- | --- |\n",
            table.title, table.meaning
        )?;
        for row in &table.rows {
            let (target, verdict) = row.verdict();
            writeln!(page, "| {} | {} | {target} | {verdict} |", row.what, row.figure)?;
        }
    }
    Ok(fs::write(file, page)?)
}

/// How many programs want a processor at present, on average of the last minute.
pub(crate) fn load() -> Result<String> {
    let averages = fs::read_to_string("/proc/loadavg")?;
    Ok(averages.split_whitespace().next().unwrap_or_default().to_owned())
}

/// The machine in a few words.
fn machine() -> Result<String> {
    let value = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
        line.map(|rest| rest.trim_start_matches(':').trim().to_owned()).unwrap_or_default()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let processors = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kib: u64 = value(&fs::read_to_string("/proc/meminfo")?, "MemTotal")
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .parse()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let gib = kib.div_ceil(1_024 * 1_024);
    Ok(format!("{processors} × {}, {gib} GiB of memory, Linux {}", value(&cpu, "model name"), kernel.trim()))
}
