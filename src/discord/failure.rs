//! Failures at the edge, and what the scheduler and the commands are told of them.

pub(super) use crate::errors::chain;

use super::sender::{CallError, Fate};
use crate::app::DiscordError;
use crate::domain::notice::Cause;
use crate::domain::permissions::Permissions;
use crate::domain::text;
use crate::ids::ChannelId;
use crate::scheduler::SendError;
use crate::storage::StorageError;

/// Discord or the store failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum EdgeError {
    /// Discord did.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The guild's store did.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl EdgeError {
    /// What it means for whatever was being done; a store that failed may work later.
    pub(super) fn fate(&self) -> Fate {
        match self {
            Self::Call(error) => error.fate(),
            Self::Storage(_) => Fate::Later(None),
        }
    }

    /// Whether Discord answered, but in a form that cannot be read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Call(CallError::Unreadable(_)))
    }
}

/// What the scheduler is told when something about a channel failed.
pub(super) fn for_scheduler(error: &EdgeError, channel: ChannelId) -> SendError {
    let why = chain(error);
    let cause = if let EdgeError::Call(call) = error { call.cause() } else { Cause::Permission };
    match error.fate() {
        Fate::Later(after) => SendError::Retry { after, why },
        // Whether Muster was removed is for the guild's life-cycle to find out.
        Fate::NoGuild => SendError::Retry { after: None, why },
        Fate::Forbidden => SendError::Forbidden { cause, why: what_is_missing(cause, channel, &why) },
        Fate::NoChannel => SendError::ChannelGone,
        Fate::NoMessage => SendError::EventMessageGone,
        Fate::Never => SendError::Refused { why: what_is_refused(error, &why) },
    }
}

/// What has to be mended before reminders can be sent in a channel, as far as Discord's answer says it.
fn what_is_missing(cause: Cause, channel: ChannelId, why: &str) -> String {
    match cause {
        Cause::Access => missing_in(channel, Permissions::VIEW_CHANNEL),
        Cause::Thread => format!("the thread <#{channel}> is closed"),
        Cause::Permission | Cause::Refused => format!("I may not write in <#{channel}>: {why}"),
    }
}

/// The sentence that names permissions.
pub(super) fn missing_in(channel: ChannelId, missing: Permissions) -> String {
    let names: Vec<_> = missing.names().map(|name| format!("**{name}**")).collect();
    format!("I am missing {} in <#{channel}>", text::enumerate(&names))
}

fn what_is_refused(error: &EdgeError, why: &str) -> String {
    let meaning = if let EdgeError::Call(call) = error { call.meaning() } else { None };
    meaning.map_or_else(|| why.to_owned(), |meaning| format!("{meaning} ({why})"))
}

/// What a command is told when something about a channel failed; `wanted` is what Discord wants for it.
pub(super) fn for_commands(error: EdgeError, channel: ChannelId, wanted: Permissions) -> DiscordError {
    let why = chain(&error);
    match (error.fate(), error) {
        (_, EdgeError::Storage(error)) => DiscordError::Storage(error),
        (_, EdgeError::Call(error)) if error.is_thread_closed() => DiscordError::ThreadClosed(channel),
        (Fate::Later(_), _) => DiscordError::Unavailable(why),
        (Fate::Forbidden, _) => DiscordError::Missing { permissions: wanted, channel },
        (Fate::NoChannel | Fate::NoMessage | Fate::NoGuild, _) => DiscordError::Gone,
        (Fate::Never, _) => DiscordError::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: u32) -> EdgeError {
        CallError::Refused { status, code, message: "no".into() }.into()
    }

    #[test]
    fn the_scheduler_hears_what_becomes_of_a_reminder() {
        let channel = ChannelId::new(5);
        let told = |error| for_scheduler(&error, channel);
        assert_eq!(told(refused(404, 10_003)), SendError::ChannelGone);
        assert!(
            matches!(told(refused(403, 50_013)), SendError::Forbidden { why, .. } if why.contains("<#5>"))
        );
        assert!(matches!(told(refused(400, 50_035)), SendError::Refused { .. }));
        let outage = CallError::Unavailable("it answered 503".into());
        assert!(matches!(told(outage.into()), SendError::Retry { after: None, .. }));
    }

    #[test]
    fn a_member_hears_what_is_missing() {
        let told = |error| for_commands(error, ChannelId::new(5), Permissions::ADD_REACTIONS).to_string();
        assert_eq!(
            told(refused(403, 50_013)),
            "I am missing **Add Reactions** in <#5>. Give me that, then try again."
        );
        assert!(told(refused(404, 10_008)).contains("gone"));
        assert!(told(refused(400, 50_083)).starts_with("<#5> is closed."));
    }
}
