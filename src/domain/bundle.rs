//! Which reminders share a message: those that go to one channel together, as long as it reads well.
//!
//! A channel takes few messages in a short time, and Muster may send only so many in all. So reminders that are due at the
//! same moment wait for each other less if they travel together, and the channel reads one message instead of ten.

use std::collections::HashSet;

use super::reminder::MENTIONS_PER_PART;
use super::reminder_text::{CONTENT_MAX, Outgoing, length_in_company};
use crate::ids::{ChannelId, GuildId, UserId};

/// Most reminders in one message: two rows of five buttons.
pub const REMINDERS_PER_MESSAGE: usize = 10;

/// Divides reminders into the messages that carry them, in their order; each inner list goes out together.
///
/// A reminder that needs several messages, or of which some were accepted already, keeps them for itself.
#[must_use]
pub fn bundles(guild: GuildId, outgoing: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut bundles: Vec<Bundle> = Vec::new();
    for item in outgoing {
        let load = Load::of(guild, &item);
        let company = bundles.iter_mut().find(|bundle| load.can_share && bundle.has_room_for(&item, load));
        match company {
            Some(bundle) => bundle.add(item, load),
            None => bundles.push(Bundle::new(item, load)),
        }
    }
    bundles.into_iter().map(|bundle| bundle.items).collect()
}

/// What a reminder takes of a message's room.
#[derive(Clone, Copy)]
struct Load {
    can_share: bool,
    characters: usize,
}

impl Load {
    fn of(guild: GuildId, item: &Outgoing) -> Self {
        let reminder = &item.reminder;
        let can_share = reminder.message_ids.is_empty() && reminder.recipients.len() <= MENTIONS_PER_PART;
        // What needs several messages is not written out to be measured.
        let characters = if can_share { length_in_company(guild, item) } else { CONTENT_MAX };
        Self { can_share, characters }
    }
}

struct Bundle {
    channel: ChannelId,
    can_share: bool,
    characters: usize,
    mentioned: HashSet<UserId>,
    items: Vec<Outgoing>,
}

impl Bundle {
    fn new(item: Outgoing, load: Load) -> Self {
        let channel = item.event.channel_id;
        let Load { can_share, characters } = load;
        let mentioned = item.reminder.recipients.iter().copied().collect();
        Self { channel, can_share, characters, mentioned, items: vec![item] }
    }

    fn has_room_for(&self, item: &Outgoing, load: Load) -> bool {
        let new = item.reminder.recipients.iter().filter(|user| !self.mentioned.contains(user)).count();
        self.can_share
            && self.channel == item.event.channel_id
            && self.items.len() < REMINDERS_PER_MESSAGE
            && self.characters + load.characters <= CONTENT_MAX
            && self.mentioned.len() + new <= MENTIONS_PER_PART
    }

    fn add(&mut self, item: Outgoing, load: Load) {
        self.characters += load.characters;
        self.mentioned.extend(item.reminder.recipients.iter().copied());
        self.items.push(item);
    }
}
