//! Discord's markup as its clients show it, as far as a terminal can.

use chrono::{DateTime, Utc};
use discord_emulator::Guild;

/// The text with names in place of ids, times in words, and no markup.
pub(crate) fn rendered(text: &str, guild: Option<&Guild>, now: DateTime<Utc>) -> String {
    let mut shown = text.to_owned();
    if let Some(guild) = guild {
        for member in guild.members() {
            shown = shown.replace(&member.mention(), &format!("@{}", member.name()));
        }
        for channel in guild.channels() {
            shown = shown.replace(&channel.mention(), &format!("#{}", channel.name()));
        }
    }
    let shown = without_links(&with_times(&shown, now));
    shown.replace("**", "").replace(['\\', '\u{200B}'], "")
}

/// `<t:…:R>` as a distance, any other `<t:…>` as a time of day.
fn with_times(text: &str, now: DateTime<Utc>) -> String {
    let mut pieces = text.split("<t:");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (stamp, rest) = piece.split_once('>').unwrap_or((piece, ""));
        let (seconds, style) = stamp.split_once(':').unwrap_or((stamp, ""));
        let at = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or(now);
        match style {
            "R" => shown.push_str(&distance((at - now).num_seconds())),
            _ => shown.push_str(&at.format("%H:%M:%S").to_string()),
        }
        shown.push_str(rest);
    }
    shown
}

fn distance(seconds: i64) -> String {
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {seconds} s"),
        _ => format!("{} s ago", -seconds),
    }
}

/// `[words](address)` as its words.
fn without_links(text: &str) -> String {
    let mut pieces = text.split("](http");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        if let Some(start) = shown.rfind('[') {
            shown.remove(start);
        }
        shown.push_str(piece.split_once(')').map_or("", |(_, rest)| rest));
    }
    shown
}
