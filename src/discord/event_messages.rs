//! Reading the messages of many events: those that stand close to each other in a channel with one request.

use std::collections::HashMap;

use super::core::Core;
use super::failure::chain;
use super::routes;
use super::sender::Urgency;
use super::wire::WireMessage;
use crate::ids::{ChannelId, MessageId};

/// As many of these messages as come in pages together. What is not found here, because it stands alone, was deleted or may
/// not be read, is left to be asked for by itself.
pub(super) async fn read_together(
    core: &Core,
    channel: ChannelId,
    mut wanted: Vec<MessageId>,
) -> HashMap<MessageId, WireMessage> {
    wanted.sort_unstable();
    let mut found = HashMap::new();
    let mut rest = wanted.as_slice();
    while let [first, _, ..] = rest {
        let just_before = MessageId::new(first.get().saturating_sub(1));
        let call = routes::messages_after(channel, just_before).with_urgency(Urgency::Background);
        let page: Vec<WireMessage> = match core.sender.ask(call).await {
            Ok(page) => page,
            Err(error) => {
                tracing::debug!(channel.id = %channel, error = chain(&error), "messages are read one by one");
                break;
            }
        };
        let last = page.iter().map(|message| message.id).max();
        let before = found.len();
        found.extend(page.into_iter().filter(|message| rest.contains(&message.id)).map(|it| (it.id, it)));
        // Pages are large: where events stand far apart, each by itself is less to read.
        if found.len() < before + 2 {
            break;
        }
        rest = rest.split_at(rest.partition_point(|message| Some(*message) <= last)).1;
    }
    found
}
