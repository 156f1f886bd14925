//! What the message of an event looks like.

use serenity::all::{ButtonStyle, CreateActionRow, CreateButton, CreateEmbed, EmojiId, ReactionType};

use super::body::MessageBody;
use super::wire::WireEmbed;
use crate::domain::audience::turnout;
use crate::domain::choice::Choice;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, State};
use crate::domain::response::{Response, responders, who_chose};
use crate::domain::text;
use crate::ids::{GuildId, UserId};

/// Discord's limits: <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>.
const TITLE_MAX: usize = 256;
const FIELD_NAME_MAX: usize = 256;
const FIELD_VALUE_MAX: usize = 1_024;
const EMBED_MAX: usize = 6_000;
/// Room for the description, so that the answers always have theirs.
const DESCRIPTION_MAX: usize = 2_800;
const BUTTONS_PER_ROW: usize = 5;

const COLOUR_LIVE: u32 = 0x58_65_F2;
const COLOUR_RESTING: u32 = 0x99_AA_B5;

/// Renders the message of an event; `asked` are those whom it asks, where that is known.
pub(super) fn render(
    guild: GuildId,
    event: &Event,
    responses: &[Response],
    asked: Option<&[UserId]>,
) -> MessageBody {
    let title = text::shorten(&text::escape(&event.title), TITLE_MAX);
    let description = describe(event, responses, asked);
    let colour = if event.state == State::Active { COLOUR_LIVE } else { COLOUR_RESTING };
    let mut used = title.chars().count() + description.chars().count();
    let mut embed = CreateEmbed::new().title(title).description(description).colour(colour);
    let mut left = event.choices.iter().count();
    for choice in &event.choices {
        // What remains is divided evenly among the choices that are still to come.
        let room = EMBED_MAX.saturating_sub(used) / left.max(1);
        let (name, value) = field(choice, &who_chose(responses, &choice.emoji), room);
        used += name.chars().count() + value.chars().count();
        left = left.saturating_sub(1);
        embed = embed.field(name, value, true);
    }
    let components = if event.is_live() { buttons(guild, event) } else { Vec::new() };
    MessageBody { embeds: vec![embed], components, ..MessageBody::default() }
}

/// Whether a message already shows what was rendered.
pub(super) fn is_shown(body: &MessageBody, shown: &[WireEmbed]) -> bool {
    let wanted = serde_json::to_value(&body.embeds).and_then(serde_json::from_value::<Vec<WireEmbed>>);
    wanted.is_ok_and(|wanted| wanted == shown)
}

fn describe(event: &Event, responses: &[Response], asked: Option<&[UserId]>) -> String {
    let mut lines = Vec::new();
    if !event.description.is_empty() {
        lines.push(text::shorten(&text::escape(&event.description), DESCRIPTION_MAX));
        lines.push(String::new());
    }
    if let Some(role) = event.role {
        lines.push(format!("Asked: <@&{role}>"));
    }
    lines.push(numbers(responses, asked));
    lines.push(outlook(event));
    lines.join("\n")
}

fn numbers(responses: &[Response], asked: Option<&[UserId]>) -> String {
    let responders = responders(responses);
    match asked {
        None => format!("**{}** answered", responders.len()),
        Some(asked) => {
            let turnout = turnout(asked.iter().copied(), &responders);
            let missing = turnout.non_responders.len();
            format!("**{}** of **{}** answered, **{missing}** missing", turnout.responded, turnout.total())
        }
    }
}

/// What comes next. No instant: each reminder would make the message out of date.
fn outlook(event: &Event) -> String {
    match &event.state {
        State::Active => format!("Reminds {}.", event.interval.every()),
        State::Paused => "Reminders are paused.".to_owned(),
        State::Suspended(_) => "Reminders cannot be sent at the moment.".to_owned(),
        State::Ended(reason) => format!("This is over. {}", reason.sentence()),
    }
}

/// The name of a choice with its count, and those who gave it; together at most `room` characters.
fn field(choice: &Choice, users: &[UserId], room: usize) -> (String, String) {
    let label = text::escape(&choice.label);
    let shown = format!("{} {label}", choice.emoji);
    let name = format!("{} ({})", shown.trim_end(), users.len());
    let name = text::shorten(&name, FIELD_NAME_MAX);
    let room = room.saturating_sub(name.chars().count()).min(FIELD_VALUE_MAX);
    (name, mentions_within(users, room))
}

/// The users as mentions, which in an embed ping nobody; those for whom there is no room are counted.
fn mentions_within(users: &[UserId], room: usize) -> String {
    let more = |left: usize| format!("and {left} more");
    let mut value = String::new();
    for (index, user) in users.iter().enumerate() {
        let mention = format!("<@{user}> ");
        let left = users.len() - index;
        let reserve = if left == 1 { 0 } else { more(left).len() };
        // ASCII only, so bytes are characters.
        if value.len() + mention.len() + reserve > room {
            value.push_str(&more(left));
            break;
        }
        value.push_str(&mention);
    }
    let value = value.trim_end();
    if value.is_empty() { "–".to_owned() } else { value.to_owned() }
}

fn buttons(guild: GuildId, event: &Event) -> Vec<CreateActionRow> {
    let buttons: Vec<CreateButton> = event
        .choices
        .iter()
        .zip(0_u8..)
        .map(|(choice, index)| {
            let action = Action::Answer { event: event.id, choice: index };
            let button = CreateButton::new(CustomId { guild, action }.to_string())
                .style(ButtonStyle::Secondary)
                .emoji(reaction_type(&choice.emoji));
            if choice.label.is_empty() { button } else { button.label(text::shorten(&choice.label, 80)) }
        })
        .collect();
    buttons.chunks(BUTTONS_PER_ROW).map(|row| CreateActionRow::Buttons(row.to_vec())).collect()
}

fn reaction_type(emoji: &Emoji) -> ReactionType {
    match emoji {
        Emoji::Unicode(text) => ReactionType::Unicode(text.clone()),
        Emoji::Custom { id, name, animated } => {
            // serenity's ids cannot be 0, and neither can Discord's.
            ReactionType::Custom {
                animated: *animated,
                id: EmojiId::new((*id).max(1)),
                name: Some(name.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::choice::Choices;
    use crate::domain::event::{EndReason, EventId, Origin};
    use crate::domain::interval::Interval;
    use crate::domain::response::Source;
    use crate::ids::{ChannelId, MessageId};
    use chrono::DateTime;

    const GUILD: GuildId = GuildId::new(1);

    fn event() -> Event {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Event {
            id: EventId(3),
            channel_id: ChannelId::new(5),
            message_id: Some(MessageId::new(6)),
            origin: Origin::Posted,
            title: "Match on Friday".into(),
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

    fn answers(emoji: &str, users: std::ops::Range<u64>) -> Vec<Response> {
        let choice = Emoji::Unicode(emoji.into());
        users
            .map(|user| Response {
                user_id: UserId::new(user),
                choice: choice.clone(),
                source: Source::Button,
            })
            .collect()
    }

    fn json(body: &MessageBody) -> serde_json::Value {
        serde_json::to_value(body).unwrap()
    }

    fn length(embed: &serde_json::Value) -> usize {
        let chars = |value: &serde_json::Value| value.as_str().map_or(0, |text| text.chars().count());
        let fields = embed["fields"].as_array().unwrap().iter();
        chars(&embed["title"])
            + chars(&embed["description"])
            + fields.map(|field| chars(&field["name"]) + chars(&field["value"])).sum::<usize>()
    }

    #[test]
    fn an_event_shows_who_answered_what_and_who_is_missing() {
        let asked: Vec<UserId> = (10..15).map(UserId::new).collect();
        let shown = json(&render(GUILD, &event(), &answers("✅", 10..12), Some(&asked)));
        let embed = &shown["embeds"][0];
        let description = embed["description"].as_str().unwrap();
        assert!(description.starts_with("**2** of **5** answered, **3** missing\n"), "{description}");
        assert!(description.ends_with("\nReminds every hour."), "{description}");
        assert_eq!(embed["fields"][0]["name"], "✅ Coming (2)");
        assert_eq!(embed["fields"][0]["value"], "<@10> <@11>");
        assert_eq!(embed["fields"][1]["value"], "–");
        let buttons = shown["components"][0]["components"].as_array().unwrap();
        assert_eq!(buttons.len(), 3);
        assert_eq!(buttons[1]["custom_id"], "m1.1.answer.3.1");
    }

    #[test]
    fn the_fullest_event_stays_within_discords_limits() {
        let mut event = event();
        event.title = "*@everyone*".repeat(9);
        event.description = "[x](".repeat(500);
        event.role = Some(crate::ids::RoleId::new(u64::MAX >> 1));
        event.choices =
            Choices::parse("1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣ 6️⃣ 7️⃣ 8️⃣ 9️⃣ 🔟 ✅ ❌ ❓ 🍇 🍉 🍏 🍎 🍐 🍊 🍋").unwrap();
        let big = u64::MAX >> 1;
        let responses: Vec<Response> = event
            .choices
            .iter()
            .flat_map(|choice| answers(&choice.emoji.to_string(), big - 300..big))
            .collect();
        let shown = json(&render(GUILD, &event, &responses, None));
        let embed = &shown["embeds"][0];
        assert!(length(embed) <= EMBED_MAX, "{} characters", length(embed));
        for field in embed["fields"].as_array().unwrap() {
            let value = field["value"].as_str().unwrap();
            assert!(value.len() <= FIELD_VALUE_MAX && value.contains("and "), "{value}");
        }
        assert_eq!(shown["components"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn an_event_that_is_over_has_no_buttons_and_says_why() {
        let mut event = event();
        event.state = State::Ended(EndReason::Unwatched);
        let shown = json(&render(GUILD, &event, &[], None));
        assert_eq!(shown["components"], serde_json::json!([]));
        let description = shown["embeds"][0]["description"].as_str().unwrap();
        assert!(description.ends_with("This is over. Somebody stopped watching it."), "{description}");
    }

    #[test]
    fn names_that_do_not_fit_are_counted() {
        let users: Vec<UserId> = (1..=9).map(UserId::new).collect();
        assert_eq!(mentions_within(&users, 30), "<@1> <@2> <@3> <@4> and 5 more");
        assert_eq!(mentions_within(&users[..2], 30), "<@1> <@2>");
    }
}
