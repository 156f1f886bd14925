//! Something that was asked, and who was reminded of it.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Member, Message, Snowflake};

use super::{Stage, watch};

/// The interval at which [`asked`] has a message watched.
pub(crate) const HOUR: TimeDelta = TimeDelta::hours(1);

/// The reminders in a channel: messages of the bot that ping somebody.
pub(crate) fn reminders(channel: &Channel) -> Vec<Message> {
    channel
        .messages()
        .into_iter()
        .filter(|message| message.is_by_bot() && !message.pings().is_empty())
        .collect()
}

/// The members whom all reminders so far have pinged, in ascending order, as often as they were.
pub(crate) fn pinged(channel: &Channel) -> Vec<u64> {
    let pings = reminders(channel).into_iter().flat_map(|reminder| reminder.pings());
    let mut users: Vec<u64> = pings.map(Snowflake::get).collect();
    users.sort_unstable();
    users
}

/// The ids of members, in ascending order.
pub(crate) fn ids(members: &[&Member]) -> Vec<u64> {
    let mut ids: Vec<u64> = members.iter().map(|member| member.id().get()).collect();
    ids.sort_unstable();
    ids
}

/// A guild whose owner has asked something in `general`, watched at an interval of an hour.
pub(crate) async fn asked(stage: &Stage, guild: &Guild) -> (Channel, Message) {
    let (general, before) = (guild.channel("general"), stage.answers(guild));
    let message = guild.owner().says(&general, "Match on Friday, who comes?");
    watch(stage, &guild.owner(), &message).await;
    guild.owner().reacts(&message, "✅");
    stage.until("the owner's answer is known", || stage.answers(guild) > before).await;
    (general, message)
}

/// Lets hours pass until a reminder of this guild costs one request: the bot then believes what it knows without
/// asking, and whatever it misses from now on it has to notice. Returns how many reminders that took.
pub(crate) async fn until_steady(stage: &Stage, guild: &Guild) -> usize {
    for hours in 1..=20 {
        let (before, rows) = (stage.discord.requests().len(), stage.log_rows(guild).len());
        stage.pass(HOUR);
        let is_sent = || stage.log_rows(guild).get(rows).is_some_and(|row| row == "sent");
        stage.until("the reminder is sent", is_sent).await;
        if stage.discord.requests().len() == before + 1 {
            return hours;
        }
    }
    panic!("the bot asks and asks: {:?}", stage.discord.requests());
}

/// The members whom the latest reminder pinged, in ascending order.
pub(crate) fn last_pinged(channel: &Channel) -> Vec<u64> {
    let pings = reminders(channel).pop().map(|reminder| reminder.pings()).unwrap_or_default();
    let mut users: Vec<u64> = pings.into_iter().map(Snowflake::get).collect();
    users.sort_unstable();
    users
}
