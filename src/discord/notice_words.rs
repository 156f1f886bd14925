//! What a notice to organisers says: what happened, to which events, and what they can do now.

use super::notice_board;
use crate::domain::event::{EndReason, Event};
use crate::domain::notice::{Cause, Notice, NoticeKind};
use crate::domain::text;
use crate::ids::{ChannelId, GuildId};

/// Discord's limit for the text of a message, less what stands around the paragraphs.
const CONTENT_MAX: usize = 1_900;
/// Characters of a reason, which may hold Discord's own words.
const REASON_MAX: usize = 300;
/// Events that one paragraph names.
const NAMED_MAX: usize = 10;
/// Characters of a title among others.
const TITLE_MAX: usize = 60;

/// What several events have in common.
#[derive(Debug, PartialEq, Eq)]
struct Group<'a> {
    kind: NoticeKind,
    channel: ChannelId,
    reason: &'a str,
    notices: Vec<&'a Notice>,
}

/// The text of the message that tells these notices.
pub(super) fn content(guild: GuildId, mentions: &str, notices: &[Notice], is_repeat: bool) -> String {
    let mut content = mentions.to_owned();
    if is_repeat {
        content.push_str(" (perhaps said before)");
    }
    let groups = grouped(notices);
    let count = groups.len();
    for (index, group) in groups.iter().enumerate() {
        let paragraph = paragraph(guild, group);
        if content.chars().count() + paragraph.chars().count() > CONTENT_MAX {
            let left = text::count(count - index, "other thing", "other things");
            let rest = [
                format!("\nAnd {left} of this kind happened"),
                "`/event list` shows how all events stand.".into(),
            ];
            content.push_str(&rest.join("; "));
            break;
        }
        content.push('\n');
        content.push_str(&paragraph);
    }
    content.trim_start().to_owned()
}

/// A part of the text by which the message is known again: the first event with its link.
pub(super) fn mark(guild: GuildId, notices: &[Notice]) -> Option<String> {
    let groups = grouped(notices);
    let first = groups.first()?.notices.first()?;
    Some(named(guild, &first.event))
}

fn grouped(notices: &[Notice]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for notice in notices {
        let (kind, channel, reason) = (notice.kind, notice.event.channel_id, notice.reason.as_str());
        let alike =
            |group: &&mut Group<'_>| group.kind == kind && group.channel == channel && group.reason == reason;
        match groups.iter_mut().find(alike) {
            Some(group) => group.notices.push(notice),
            None => groups.push(Group { kind, channel, reason, notices: vec![notice] }),
        }
    }
    groups
}

fn paragraph(guild: GuildId, group: &Group<'_>) -> String {
    let events = names(guild, &group.notices);
    let reason = text::shorten(group.reason, REASON_MAX);
    let reason = reason.trim_end_matches('.');
    let since = group.notices.iter().map(|notice| notice.since).min();
    let since = since.map(text::relative_time).unwrap_or_default();
    let channel = group.channel;
    match group.kind {
        NoticeKind::HeldUp(Cause::Access | Cause::Permission) => format!(
            "⚠️ Reminders of {events} are held up since {since}: {reason}. As soon as somebody gives me that again they go on by \
             themselves."
        ),
        NoticeKind::HeldUp(Cause::Thread) => format!(
            "⚠️ Reminders of {events} are held up since {since}: {reason}. As soon as somebody opens it again they go on by \
             themselves; `/event unwatch` ends them."
        ),
        NoticeKind::HeldUp(Cause::Refused) => format!(
            "⚠️ Reminders of {events} in <#{channel}> are held up since {since}, because Discord does not take them: {}. I try \
             again twice a day; once it is mended, `/event resume` goes on at once.",
            quoted(reason)
        ),
        NoticeKind::Undelivered => format!(
            "⚠️ I gave up a reminder of {events} in <#{channel}>: {reason}. The next ones come as usual; `/event remind` sends one \
             now.",
        ),
        NoticeKind::Over(why) => over(&events, group.notices.len(), why, since.as_str()),
    }
}

fn over(events: &str, count: usize, why: EndReason, since: &str) -> String {
    let (are, their, it) = if count == 1 { ("is", "its", "it") } else { ("are", "their", "them") };
    let what = match why {
        EndReason::ChannelDeleted => format!("{their} channel was deleted"),
        EndReason::MessageDeleted if count == 1 => "its message was deleted".to_owned(),
        EndReason::MessageDeleted => "their messages were deleted".to_owned(),
        EndReason::Unwatched => "somebody stopped watching".to_owned(),
    };
    format!(
        "🗑️ {events} {are} over since {since}, because {what}. Nobody is reminded of {it} any more; `/event create` posts a new \
         one."
    )
}

/// Whatever Discord says is text of somebody else's.
fn quoted(reason: &str) -> String {
    text::escape(reason)
}

fn names(guild: GuildId, notices: &[&Notice]) -> String {
    let mut names: Vec<String> =
        notices.iter().take(NAMED_MAX).map(|notice| named(guild, &notice.event)).collect();
    let more = notices.len() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    text::enumerate(&names)
}

/// The title, leading to the message, of which it is the only trace where that is gone.
fn named(guild: GuildId, event: &Event) -> String {
    let title = text::escape(&text::shorten(&event.title, TITLE_MAX));
    format!("**[{title}](<{}>)**", event.link(guild))
}

/// Whom the message calls: the authors who are still there, and the organiser roles.
pub(super) fn called(
    notices: &[Notice],
    is_member: impl Fn(crate::ids::UserId) -> bool,
    roles: &[crate::ids::RoleId],
) -> (String, Vec<crate::ids::UserId>, Vec<crate::ids::RoleId>) {
    let mut authors: Vec<_> = notices.iter().map(|notice| notice.event.author_id).collect();
    authors.sort_unstable();
    authors.dedup();
    authors.retain(|author| is_member(*author));
    notice_board::call(&authors, roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::choice::Choices;
    use crate::domain::event::{EventId, Origin, State};
    use crate::domain::interval::Interval;
    use crate::ids::{MessageId, UserId};
    use chrono::DateTime;

    const GUILD: GuildId = GuildId::new(1);

    fn notice(title: &str, number: u64, kind: NoticeKind, reason: &str) -> Notice {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let event = Event {
            id: EventId(3),
            channel_id: ChannelId::new(5),
            message_id: Some(MessageId::new(number)),
            origin: Origin::Watched,
            title: title.into(),
            description: String::new(),
            interval: Interval::from_millis(3_600_000).unwrap(),
            state: State::Active,
            last_reminder_at: None,
            next_due_at: Some(at),
            grid_at: at,
            choices: Choices::default(),
            role: None,
            author_id: UserId::new(9),
            created_at: at,
        };
        Notice { event, kind, reason: reason.into(), since: at, attempts: 0, started: None }
    }

    #[test]
    fn each_notice_says_what_happened_and_what_to_do() {
        let missing = "I am missing **Send Messages** in <#5>";
        let notices = [
            notice("Raid", 6, NoticeKind::HeldUp(Cause::Permission), missing),
            notice("Match", 7, NoticeKind::HeldUp(Cause::Permission), missing),
            notice("Talk", 8, NoticeKind::HeldUp(Cause::Thread), "the thread <#5> is closed"),
            notice(
                "Party",
                9,
                NoticeKind::HeldUp(Cause::Refused),
                "Discord answered 400 (code 50035): @everyone",
            ),
            notice(
                "Trip",
                10,
                NoticeKind::Undelivered,
                "it was due <t:1800000000:F> and Discord answered 503",
            ),
            notice("Vote", 11, NoticeKind::Over(EndReason::ChannelDeleted), ""),
            notice("Quiz", 12, NoticeKind::Over(EndReason::MessageDeleted), ""),
        ];
        let told = content(GUILD, "<@9> <@&4>", &notices, false).replace('\u{200B}', "▯");
        insta::assert_snapshot!(told, @r"
        <@9> <@&4>
        ⚠️ Reminders of **[Raid](<https://discord.com/channels/1/5/6>)** and **[Match](<https://discord.com/channels/1/5/7>)** are held up since <t:1800000000:R>: I am missing **Send Messages** in <#5>. As soon as somebody gives me that again they go on by themselves.
        ⚠️ Reminders of **[Talk](<https://discord.com/channels/1/5/8>)** are held up since <t:1800000000:R>: the thread <#5> is closed. As soon as somebody opens it again they go on by themselves; `/event unwatch` ends them.
        ⚠️ Reminders of **[Party](<https://discord.com/channels/1/5/9>)** in <#5> are held up since <t:1800000000:R>, because Discord does not take them: Discord answered 400 \(code 50035\): @▯everyone. I try again twice a day; once it is mended, `/event resume` goes on at once.
        ⚠️ I gave up a reminder of **[Trip](<https://discord.com/channels/1/5/10>)** in <#5>: it was due <t:1800000000:F> and Discord answered 503. The next ones come as usual; `/event remind` sends one now.
        🗑️ **[Vote](<https://discord.com/channels/1/5/11>)** is over since <t:1800000000:R>, because its channel was deleted. Nobody is reminded of it any more; `/event create` posts a new one.
        🗑️ **[Quiz](<https://discord.com/channels/1/5/12>)** is over since <t:1800000000:R>, because its message was deleted. Nobody is reminded of it any more; `/event create` posts a new one.
        ");
    }

    #[test]
    fn however_many_there_are_they_fit_into_one_message() {
        let long = "*".repeat(100);
        let notices: Vec<_> = (0..500)
            .map(|number| {
                notice(&long, u64::MAX >> 1, NoticeKind::HeldUp(Cause::Refused), &format!("{number}"))
            })
            .collect();
        let content = content(GUILD, &"<@9223372036854775807> ".repeat(20), &notices, true);
        assert!(content.chars().count() <= 2_000, "{}", content.chars().count());
        assert!(content.contains("other things of this kind") && content.contains("(perhaps said before)"));
        let alike: Vec<_> =
            (0..30).map(|number| notice(&long, number, NoticeKind::HeldUp(Cause::Access), "no")).collect();
        let content = super::content(GUILD, "", &alike, false);
        assert!(content.contains("and 20 more") && content.chars().count() <= 2_000, "{content}");
    }
}
