//! What came of something, for people.

use chrono::SecondsFormat;
use indicatif::HumanBytes;

use crate::clock::Timestamp;
use crate::domain::text::one_line;
use crate::storage::Membership;
use crate::upkeep::{Answer, GuildInfo, GuildSummary, Optimized, Restored, StoreState, Verified};

/// The headings of the list.
const HEADINGS: [&str; 7] = ["GUILD", "MEMBERSHIP", "STORE", "SIZE", "NEXT DUE", "BACKUPS", "LAST BACKUP"];

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// All guilds, one a line, in columns.
pub(super) fn table(guilds: &[GuildSummary]) -> String {
    let cells = |guild: &GuildSummary| {
        [
            guild.guild_id.to_string(),
            guild.membership.map_or(NOTHING, membership).to_owned(),
            store(guild.store).to_owned(),
            HumanBytes(guild.size_bytes).to_string(),
            maybe(guild.next_due_at),
            guild.backups.to_string(),
            maybe(guild.last_backup_at),
        ]
    };
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(guilds.iter().map(cells));
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; HEADINGS.len()]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What was answered about one guild.
pub(super) fn lines(answer: &Answer) -> String {
    match answer {
        Answer::List(guilds) => table(guilds),
        Answer::Info(guild) => info(guild),
        Answer::BackUp(backup) => {
            let (guild, file) = (backup.guild_id, backup.file.display());
            format!("{guild}: backed up to {file} ({})", HumanBytes(backup.size_bytes))
        }
        Answer::Restore(guild) => restored(guild),
        Answer::Verify(guild) => verified(guild),
        Answer::Optimize(Optimized { guild_id, before_bytes, after_bytes }) => {
            format!("{guild_id}: {} before, {} now", HumanBytes(*before_bytes), HumanBytes(*after_bytes))
        }
        Answer::Delete(deleted) if deleted.existed => format!("{}: deleted", deleted.guild_id),
        Answer::Delete(deleted) => format!("{}: there was nothing", deleted.guild_id),
        Answer::CleanUp(cleaned) => format!("{}: {} rows removed", cleaned.guild_id, cleaned.rows),
        Answer::Export(export) => format!("{}: {} events", export.guild.id, export.events.len()),
    }
}

fn info(guild: &GuildInfo) -> String {
    let GuildInfo { summary, .. } = guild;
    let since =
        |what: &str, at: Option<Timestamp>| at.map(|at| format!(", {what} {}", utc(at))).unwrap_or_default();
    let membership = format!(
        "{}{}{}",
        summary.membership.map_or("unknown", membership),
        since("since", summary.joined_at.filter(|_| summary.left_at.is_none())),
        since("on", summary.left_at)
    );
    let lines = [
        ("guild", summary.guild_id.to_string()),
        ("name", guild.name.as_deref().map_or(NOTHING.to_owned(), one_line)),
        ("membership", membership),
        (
            "store",
            format!(
                "{}, {}, schema {}",
                store(summary.store),
                HumanBytes(summary.size_bytes),
                guild.schema_version
            ),
        ),
        ("problem", guild.problem.clone().unwrap_or_else(|| "none".to_owned())),
        ("events", format!("{}, {} of them live", guild.events, guild.live_events)),
        ("next due", maybe(summary.next_due_at)),
        ("members", guild.members.to_string()),
        ("responses", guild.responses.to_string()),
        ("reminder log", format!("{} rows{}", guild.log_rows, since("the oldest of", guild.oldest_log_at))),
        ("backups", format!("{}{}", summary.backups, since("the latest of", summary.last_backup_at))),
    ];
    lines.map(|(name, value)| format!("{:14}{value}", format!("{name}:"))).join("\n")
}

fn restored(Restored { guild_id, from, set_aside, skipped }: &Restored) -> String {
    let aside = set_aside.as_ref();
    let aside = aside.map(|aside| format!("; the store that was there is kept in {}", aside.display()));
    let skipped = match skipped {
        0 => String::new(),
        1 => "; 1 reminder that was due before is not sent".to_owned(),
        skipped => format!("; {skipped} reminders that were due before are not sent"),
    };
    format!("{guild_id}: restored from {}{}{skipped}", from.display(), aside.unwrap_or_default())
}

fn verified(Verified { guild_id, problem, restored_from }: &Verified) -> String {
    match (problem, restored_from) {
        (None, _) => format!("{guild_id}: sound"),
        (Some(problem), None) => format!("{guild_id}: damaged: {problem}; it is set aside"),
        (Some(problem), Some(taken_at)) => {
            let taken_at = utc(*taken_at);
            format!("{guild_id}: damaged: {problem}; restored from the backup of {taken_at}")
        }
    }
}

const fn membership(membership: Membership) -> &'static str {
    match membership {
        Membership::Joined => "joined",
        Membership::Left => "left",
    }
}

const fn store(state: StoreState) -> &'static str {
    match state {
        StoreState::None => "none",
        StoreState::Ready => "ready",
        StoreState::SetAside => "set aside",
    }
}

fn maybe(at: Option<Timestamp>) -> String {
    at.map_or(NOTHING.to_owned(), utc)
}

fn utc(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::GuildId;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_timestamp(1_800_000_000 + second, 0)
    }

    fn guild(id: u64) -> GuildSummary {
        GuildSummary {
            guild_id: GuildId::new(id),
            membership: Some(Membership::Joined),
            store: StoreState::Ready,
            joined_at: at(0),
            left_at: None,
            next_due_at: at(60),
            size_bytes: 45_056,
            backups: 7,
            last_backup_at: at(30),
        }
    }

    #[test]
    fn the_list_stands_in_columns() {
        let new = GuildSummary {
            membership: None,
            store: StoreState::None,
            next_due_at: None,
            size_bytes: 0,
            backups: 0,
            last_backup_at: None,
            ..guild(7)
        };
        insta::assert_snapshot!(table(&[guild(175_928_847_299_117_063), new]), @r"
        GUILD               MEMBERSHIP  STORE  SIZE       NEXT DUE              BACKUPS  LAST BACKUP
        175928847299117063  joined      ready  44.00 KiB  2027-01-15T08:01:00Z  7        2027-01-15T08:00:30Z
        7                   -           none   0 B        -                     0        -
        ");
    }

    #[test]
    fn all_about_a_guild_stands_in_lines() {
        let info = GuildInfo {
            summary: guild(42),
            name: Some("Chess\u{1b}[31m\nclub".into()),
            members: 5,
            live_events: 2,
            events: 3,
            responses: 4,
            log_rows: 12,
            oldest_log_at: at(0),
            schema_version: 1,
            problem: None,
        };
        insta::assert_snapshot!(lines(&Answer::Info(Box::new(info))), @r"
        guild:        42
        name:         Chess[31m club
        membership:   joined, since 2027-01-15T08:00:00Z
        store:        ready, 44.00 KiB, schema 1
        problem:      none
        events:       3, 2 of them live
        next due:     2027-01-15T08:01:00Z
        members:      5
        responses:    4
        reminder log: 12 rows, the oldest of 2027-01-15T08:00:00Z
        backups:      7, the latest of 2027-01-15T08:00:30Z
        ");
    }

    #[test]
    fn a_restore_says_what_became_of_everything() {
        let mut done = Restored {
            guild_id: GuildId::new(42),
            from: "/data/backups/42/a.db".into(),
            set_aside: Some("/data/quarantine/42/b".into()),
            skipped: 1,
        };
        assert_eq!(
            restored(&done),
            "42: restored from /data/backups/42/a.db; the store that was there is kept in /data/quarantine/42/b; \
             1 reminder that was due before is not sent"
        );
        (done.set_aside, done.skipped) = (None, 0);
        assert_eq!(restored(&done), "42: restored from /data/backups/42/a.db");
    }

    #[test]
    fn a_check_says_what_is_damaged_and_what_took_its_place() {
        let sound = Verified { guild_id: GuildId::new(42), problem: None, restored_from: None };
        assert_eq!(verified(&sound), "42: sound");
        let damaged = Verified { problem: Some("page 3 is torn".into()), ..sound };
        assert_eq!(verified(&damaged), "42: damaged: page 3 is torn; it is set aside");
        let replaced = Verified { restored_from: at(0), ..damaged };
        assert_eq!(
            verified(&replaced),
            "42: damaged: page 3 is torn; restored from the backup of 2027-01-15T08:00:00Z"
        );
    }
}
