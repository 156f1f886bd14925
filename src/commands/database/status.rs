//! `/database status`: how much there is, how it is doing, and what to do where it is not doing well.

use bytesize::ByteSize;

use super::count;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::domain::text;
use crate::upkeep::{GuildInfo, StoreState};

/// Shows what is kept of this guild and how it is doing.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    let info = call.app.upkeep.info(call.guild()).await?;
    let lines = match info.summary.store {
        StoreState::None => nothing(&info),
        StoreState::Ready => in_use(&info),
        StoreState::SetAside => set_aside(&info),
    };
    Ok(Reply::page("What I keep of this server", &lines.join("\n")))
}

fn nothing(info: &GuildInfo) -> Vec<String> {
    let mut lines =
        vec!["Nothing yet. It begins with the first event: `/event create` or `/event watch`.".to_owned()];
    if info.summary.backups > 0 {
        let (kept, guild) = (backups(info), info.summary.guild_id);
        lines.push(format!(
            "I still have {kept} of what I kept before; whoever runs me can bring one back with \
             `muster guild restore {guild}`."
        ));
    }
    lines
}

fn in_use(info: &GuildInfo) -> Vec<String> {
    let oldest = info.oldest_log_at.map(|at| format!(", the oldest of {}", text::full_time(at)));
    let check = match info.problem {
        None => "all of it can be read and fits together".to_owned(),
        Some(_) => format!("some of it is damaged. {}", who_helps(info)),
    };
    vec![
        format!("Size: {}", ByteSize(info.summary.size_bytes)),
        format!("Members: {}", info.members),
        format!("Events: {} running, {} in all", info.live_events, info.events),
        format!("Answers: {}", info.responses),
        format!("Log: {}{}", count(info.log_rows, "reminder", "reminders"), oldest.unwrap_or_default()),
        format!("Last backup: {}", last_backup(info)),
        format!("Check: {check}"),
    ]
}

fn set_aside(info: &GuildInfo) -> Vec<String> {
    vec![
        "I could not read my data of this server, so I have set it aside untouched. Until that is mended I answer no \
         command about events and send no reminder here."
            .to_owned(),
        format!("Last backup: {}", last_backup(info)),
        who_helps(info),
        "To begin again without it, use `/database delete`: then everything is gone, and I start afresh.".to_owned(),
    ]
}

/// When the last backup was taken, and how many there are.
fn last_backup(info: &GuildInfo) -> String {
    match info.summary.last_backup_at {
        Some(at) => format!("{}; I keep {}", text::relative_time(at), backups(info)),
        None => "none yet".to_owned(),
    }
}

fn backups(info: &GuildInfo) -> String {
    text::count(info.summary.backups, "backup", "backups")
}

/// What whoever runs Muster can find out and do.
fn who_helps(info: &GuildInfo) -> String {
    let guild = info.summary.guild_id;
    match info.summary.backups {
        0 => "Whoever runs me finds the reason in my log.".to_owned(),
        _ => format!(
            "Whoever runs me finds the reason in my log, and can bring a backup back with `muster guild restore {guild}`."
        ),
    }
}
