//! What one message of a reminder looks like. The same row of the log gives the same message, word for word.

use serenity::all::{CreateActionRow, CreateButton};

use super::body::{AllowedMentions, MessageBody, Nonce};
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::Event;
use crate::domain::reminder::Reminder;
use crate::domain::text;
use crate::ids::{GuildId, UserId};

/// Discord's limit for the text of a message.
const CONTENT_MAX: usize = 2_000;

/// A longer title is not cut below this for the sake of its link.
const LINKED_MIN: usize = 24;

/// Renders one part of a reminder; `None` if it has no such part.
pub(super) fn render(guild: GuildId, event: &Event, reminder: &Reminder, part: usize) -> Option<MessageBody> {
    let users = reminder.parts().nth(part)?;
    let link = event.link(guild);
    let action = Action::Missing { reminder: reminder.id, part: u16::try_from(part).ok()? };
    let missing = CreateButton::new(CustomId { guild, action }.to_string()).label("Who is missing?");
    let buttons = vec![CreateButton::new_link(&link).label("Go to the event"), missing];
    Some(MessageBody {
        content: content(event, reminder, users, &link),
        components: vec![CreateActionRow::Buttons(buttons)],
        allowed_mentions: AllowedMentions::users(users),
        nonce: Some(Nonce::new(reminder.part_nonce(part))),
        ..MessageBody::default()
    })
}

/// The text: the mentions always; the title as long as there is room. It leads to the event unless the link left hardly
/// any room for it; a button does so anyway.
fn content(event: &Event, reminder: &Reminder, users: &[UserId], link: &str) -> String {
    let mentions = users.iter().map(|user| format!("<@{user}>")).collect::<Vec<_>>().join(" ");
    let numbers = numbers(reminder);
    let fixed = mentions.chars().count() + numbers.chars().count() + "⏰ ****\n\n".chars().count();
    let room = CONTENT_MAX.saturating_sub(fixed);
    let beside_link = room.saturating_sub(link.chars().count() + "[]()".len());
    let linked = escaped_within(&event.title, beside_link);
    let heading = if !linked.is_empty() && (beside_link >= LINKED_MIN || linked == text::escape(&event.title))
    {
        format!("[{linked}]({link})")
    } else {
        escaped_within(&event.title, room)
    };
    format!("⏰ **{heading}**{numbers}\n\n{mentions}")
}

/// The title made harmless and cut to fit; cut before it is escaped, so that no escape is cut in half.
fn escaped_within(title: &str, room: usize) -> String {
    let lengths = (0..=title.chars().count()).rev();
    let mut shorter = lengths.map(|length| text::escape(&text::shorten(title, length)));
    shorter.find(|title| title.chars().count() <= room).unwrap_or_default()
}

fn numbers(reminder: &Reminder) -> String {
    let missing = reminder.recipients.len();
    let total = reminder.responded + missing;
    let late = if reminder.is_late() { " (late)" } else { "" };
    let repeat = if reminder.perhaps_sent_before { " (perhaps sent before)" } else { "" };
    let next = reminder.next_due_at.map(|next| format!(" Next {}.", text::relative_time(next)));
    let next = next.unwrap_or_default();
    format!("{late}{repeat}\n{} of {total} answered, {missing} missing.{next}", reminder.responded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::choice::Choices;
    use crate::domain::event::{EventId, Origin, State};
    use crate::domain::interval::Interval;
    use crate::domain::reminder::{MENTIONS_PER_PART, ReminderId, Status};
    use crate::ids::{ChannelId, MessageId};
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    const GUILD: GuildId = GuildId::new(u64::MAX >> 1);

    fn event(title: &str) -> Event {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Event {
            id: EventId(3),
            channel_id: ChannelId::new(u64::MAX >> 1),
            message_id: Some(MessageId::new(u64::MAX >> 1)),
            origin: Origin::Posted,
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
        }
    }

    fn reminder(recipients: u64) -> Reminder {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Reminder {
            id: ReminderId(7),
            event_id: EventId(3),
            scheduled_at: at,
            claimed_at: at,
            addressed_at: at,
            sent_at: None,
            status: Status::Pending,
            recipients: (0..recipients).map(|user| UserId::new((u64::MAX >> 1) - user)).collect(),
            responded: 2,
            next_due_at: Some(at + TimeDelta::hours(1)),
            notified: 0,
            perhaps_sent_before: false,
            attempts: 1,
            next_attempt_at: None,
            nonce: "abc".into(),
            message_ids: Vec::new(),
            error: None,
        }
    }

    fn part(title: &str, reminder: &Reminder, part: usize) -> MessageBody {
        render(GUILD, &event(title), reminder, part).unwrap()
    }

    #[test]
    fn a_reminder_says_all_it_should() {
        let body = part("Match on Friday", &reminder(3), 0);
        let link = event("").link(GUILD);
        let first = format!("⏰ **[Match on Friday]({link})**\n");
        assert!(body.content.starts_with(&first), "{}", body.content);
        let second = "\n2 of 5 answered, 3 missing. Next <t:1800003600:R>.\n";
        assert!(body.content.contains(second) && !body.content.contains("late"), "{}", body.content);
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json["nonce"], "abc-0");
        assert_eq!(json["enforce_nonce"], true);
        assert_eq!(json["allowed_mentions"]["users"].as_array().unwrap().len(), 3);
        assert_eq!(json["components"][0]["components"][0]["url"], link);
        let custom_id: CustomId =
            json["components"][0]["components"][1]["custom_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(custom_id.action, Action::Missing { reminder: ReminderId(7), part: 0 });
    }

    #[test]
    fn a_late_reminder_says_so() {
        let mut late = reminder(1);
        late.addressed_at += TimeDelta::minutes(5);
        late.perhaps_sent_before = true;
        assert!(part("Match", &late, 0).content.contains(")** (late) (perhaps sent before)\n2 of 3"));
    }

    #[test]
    fn a_hostile_title_does_not_break_out_of_its_link() {
        let link = event("").link(GUILD);
        for title in [
            "](https://evil.example) [x",
            "**](<https://evil.example>)",
            "a]b(c)d\\",
            "[](",
            "\\](x)",
            "`](x)`",
        ] {
            let content = part(title, &reminder(1), 0).content;
            let heading = content.lines().next().unwrap();
            let shown =
                heading.strip_prefix("⏰ **[").unwrap().strip_suffix(&format!("]({link})**")).unwrap();
            let mut escaped = false;
            for c in shown.chars() {
                assert!(escaped || !matches!(c, '[' | ']' | '(' | ')' | '<' | '>' | '*' | '`'), "{heading}");
                escaped = c == '\\' && !escaped;
            }
            assert!(!escaped && !shown.contains("://"), "{heading}");
        }
    }

    #[test]
    fn a_fresh_render_of_the_same_row_is_the_same_message() {
        let reminder = reminder(90);
        let once = serde_json::to_value(part("Match", &reminder, 1)).unwrap();
        assert_eq!(once, serde_json::to_value(part("Match", &reminder, 1)).unwrap());
    }

    #[test]
    fn there_is_no_part_after_the_last() {
        assert!(render(GUILD, &event("x"), &reminder(80), 1).is_none());
    }

    proptest! {
        #[test]
        fn a_reminder_fits_and_mentions_everybody_once(title in ".{1,100}", recipients in 1u64..400, late: bool) {
            let mut reminder = reminder(recipients);
            reminder.perhaps_sent_before = true;
            if late {
                reminder.addressed_at += TimeDelta::days(1);
            }
            let mut mentioned = Vec::new();
            for number in 0..reminder.parts().len() {
                let body = render(GUILD, &event(&title), &reminder, number).unwrap();
                prop_assert!(body.content.chars().count() <= CONTENT_MAX);
                let users: Vec<UserId> = reminder.parts().nth(number).unwrap().to_vec();
                prop_assert!(users.len() <= MENTIONS_PER_PART);
                for user in &users {
                    let mention = format!("<@{user}>");
                    prop_assert_eq!(body.content.matches(&mention).count(), 1);
                }
                mentioned.extend(users);
            }
            prop_assert_eq!(mentioned, reminder.recipients);
        }
    }
}
