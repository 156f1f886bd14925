//! What one message of reminders looks like. The same rows of the log give the same message, word for word.

use serenity::all::{CreateActionRow, CreateButton};

use super::body::{AllowedMentions, MessageBody, Nonce};
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::reminder_text::{self, Outgoing};
use crate::domain::text;
use crate::ids::{GuildId, UserId};

/// Discord's limits for components, <https://docs.discord.com/developers/components/reference#action-row>.
const BUTTONS_PER_ROW: usize = 5;
const LABEL_MAX: usize = 80;

const QUESTION: &str = "Who is missing?";

/// Renders one part of a reminder, or several reminders that share a message; `None` if there is no such part.
pub(super) fn render(guild: GuildId, bundle: &[Outgoing], part: usize) -> Option<MessageBody> {
    match bundle {
        [only] => alone(guild, only, part),
        [first, ..] => Some(together(guild, bundle, first)),
        [] => None,
    }
}

fn alone(guild: GuildId, outgoing: &Outgoing, part: usize) -> Option<MessageBody> {
    let Outgoing { event, reminder } = outgoing;
    let users = reminder.parts().nth(part)?;
    let link = CreateButton::new_link(event.link(guild)).label("Go to the event");
    let missing = missing(guild, outgoing, u16::try_from(part).ok()?).label(QUESTION);
    Some(MessageBody {
        content: reminder_text::alone(guild, outgoing, users),
        components: vec![CreateActionRow::Buttons(vec![link, missing])],
        allowed_mentions: AllowedMentions::users(users),
        nonce: Some(Nonce::new(reminder.part_nonce(part))),
        ..MessageBody::default()
    })
}

/// Each title leads to its event here, so the buttons are left for the question that each reminder answers.
fn together(guild: GuildId, bundle: &[Outgoing], first: &Outgoing) -> MessageBody {
    let mut users: Vec<UserId> = Vec::new();
    for user in bundle.iter().flat_map(|outgoing| &outgoing.reminder.recipients) {
        if !users.contains(user) {
            users.push(*user);
        }
    }
    let rows = bundle.chunks(BUTTONS_PER_ROW).map(|row| {
        let button = |outgoing: &Outgoing| {
            let label = format!("{QUESTION} {}", outgoing.event.title);
            missing(guild, outgoing, 0).label(text::shorten(&label, LABEL_MAX))
        };
        CreateActionRow::Buttons(row.iter().map(button).collect())
    });
    MessageBody {
        content: reminder_text::together(guild, bundle),
        components: rows.collect(),
        allowed_mentions: AllowedMentions::users(&users),
        nonce: Some(Nonce::new(first.reminder.part_nonce(0))),
        ..MessageBody::default()
    }
}

/// The button that shows who has not answered; its custom id is also how the message is known again.
fn missing(guild: GuildId, outgoing: &Outgoing, part: u16) -> CreateButton {
    let action = Action::Missing { reminder: outgoing.reminder.id, part };
    CreateButton::new(CustomId { guild, action }.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bundle::{REMINDERS_PER_MESSAGE, bundles};
    use crate::domain::choice::Choices;
    use crate::domain::event::{Event, EventId, Origin, State};
    use crate::domain::interval::Interval;
    use crate::domain::reminder::{MENTIONS_PER_PART, Reminder, ReminderId, Status};
    use crate::domain::reminder_text::CONTENT_MAX;
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

    fn outgoing(title: &str, reminder: &Reminder) -> Outgoing {
        Outgoing { event: event(title), reminder: reminder.clone() }
    }

    fn part(title: &str, reminder: &Reminder, part: usize) -> MessageBody {
        render(GUILD, &[outgoing(title, reminder)], part).unwrap()
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
        assert!(render(GUILD, &[outgoing("x", &reminder(80))], 1).is_none());
    }

    #[test]
    fn reminders_that_share_a_message_each_say_all_they_should() {
        let mut second = outgoing("Training [hard](mode)", &reminder(2));
        second.reminder.id = ReminderId(8);
        second.reminder.perhaps_sent_before = true;
        let body = render(GUILD, &[outgoing("Match", &reminder(3)), second], 0).unwrap();
        let link = event("").link(GUILD);
        let first =
            format!("⏰ **[Match]({link})**\n2 of 5 answered, 3 missing. Next <t:1800003600:R>.\n\n<@");
        let second =
            format!("\n\n⏰ **[Training \\[hard\\]\\(mode\\)]({link})** (perhaps sent before)\n2 of 4 ");
        assert!(body.content.starts_with(&first) && body.content.contains(&second), "{}", body.content);
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(
            json["allowed_mentions"]["users"].as_array().unwrap().len(),
            3,
            "who is in both counts once"
        );
        let buttons = json["components"][0]["components"].as_array().unwrap();
        let labels: Vec<_> = buttons.iter().map(|button| button["label"].as_str().unwrap()).collect();
        assert_eq!(labels, ["Who is missing? Match", "Who is missing? Training [hard](mode)"]);
        let markers: Vec<CustomId> =
            buttons.iter().map(|button| button["custom_id"].as_str().unwrap().parse().unwrap()).collect();
        let reminders = markers.iter().map(|marker| marker.action);
        let expected = [7, 8].map(|id| Action::Missing { reminder: ReminderId(id), part: 0 });
        assert_eq!(reminders.collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn what_shares_a_message_fits_into_it(
            events in proptest::collection::vec((".{1,100}", 1u64..120, 0u64..3), 1..25)
        ) {
            let all: Vec<Outgoing> = events.iter().zip(1..).map(|((title, recipients, channel), id)| {
                let mut outgoing = outgoing(title, &reminder(*recipients));
                outgoing.reminder.id = ReminderId(id);
                outgoing.event.channel_id = ChannelId::new(*channel);
                outgoing
            }).collect();
            let bundles = bundles(GUILD, all.clone());
            let mut ids: Vec<_> = bundles.iter().flatten().map(|outgoing| outgoing.reminder.id.0).collect();
            ids.sort_unstable();
            prop_assert_eq!(ids, (1..).take(all.len()).collect::<Vec<i64>>());
            for bundle in bundles {
                let channel = bundle[0].event.channel_id;
                prop_assert!(bundle.iter().all(|outgoing| outgoing.event.channel_id == channel));
                prop_assert!(bundle.len() <= REMINDERS_PER_MESSAGE);
                let body = render(GUILD, &bundle, 0).unwrap();
                prop_assert!(body.content.chars().count() <= CONTENT_MAX);
                let json = serde_json::to_value(&body).unwrap();
                prop_assert!(json["allowed_mentions"]["users"].as_array().unwrap().len() <= MENTIONS_PER_PART);
                let rows = json["components"].as_array().unwrap();
                let buttons: Vec<_> = rows.iter().flat_map(|row| row["components"].as_array().unwrap()).collect();
                prop_assert!(rows.iter().all(|row| row["components"].as_array().unwrap().len() <= 5));
                prop_assert!(buttons.iter().all(|button| button["label"].as_str().unwrap().chars().count() <= 80));
                if bundle.len() > 1 {
                    for user in bundle.iter().flat_map(|outgoing| &outgoing.reminder.recipients) {
                        let mention = format!("<@{user}>");
                        prop_assert!(body.content.contains(&mention));
                    }
                    prop_assert_eq!(buttons.len(), bundle.len());
                }
            }
        }

        #[test]
        fn a_reminder_fits_and_mentions_everybody_once(title in ".{1,100}", recipients in 1u64..400, late: bool) {
            let mut reminder = reminder(recipients);
            reminder.perhaps_sent_before = true;
            if late {
                reminder.addressed_at += TimeDelta::days(1);
            }
            let mut mentioned = Vec::new();
            for number in 0..reminder.parts().len() {
                let body = part(&title, &reminder, number);
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
