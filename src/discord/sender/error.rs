//! Why a request failed, and what that means: the one table from Discord's answers to what becomes of things.

use std::time::Duration;

/// Why a request to Discord came to nothing, or nearly so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// Discord did what was asked; what it said about it cannot be read.
    #[error("Discord accepted the request, but its answer cannot be read: {0}")]
    Unreadable(String),
    /// Discord understood and said no.
    #[error("Discord answered {status} (code {code}): {message}")]
    Refused {
        /// The HTTP status, 4xx.
        status: u16,
        /// Discord's own code; 0 where it gave none, as proxies before it do.
        code: u32,
        /// What it said.
        message: String,
    },
    /// Muster's own request cannot be written down; nothing was sent.
    #[error("the request cannot be written as JSON: {0}")]
    Unwritable(String),
    /// A rate limit that is too long to wait out here.
    #[error("Discord asks to wait {} s", after.as_secs_f32())]
    Limited {
        /// How long Discord asks to wait.
        after: Duration,
    },
    /// An outage, a timeout, a lost connection; it may have been done or not.
    #[error("Discord cannot be reached: {0}")]
    Unavailable(String),
    /// It waited for the limits until it was of no use any more; nothing was sent.
    #[error("it waited too long for Discord's limits to be repeated")]
    TooLate,
    /// Too many requests were refused lately; going on would get the bot banned.
    #[error("requests are held back because Discord refused too many of them in the last ten minutes")]
    HeldBack,
}

/// What a failed request means for whatever it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The same request may succeed later.
    Later(Option<Duration>),
    /// A permission or access is missing.
    Forbidden,
    /// The channel does not exist.
    NoChannel,
    /// The message does not exist.
    NoMessage,
    /// The guild does not exist, or Muster is not in it.
    NoGuild,
    /// The same request will never succeed.
    Never,
}

/// Unknown channel, <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>, as all below.
const UNKNOWN_CHANNEL: u32 = 10_003;
const UNKNOWN_GUILD: u32 = 10_004;
const UNKNOWN_MESSAGE: u32 = 10_008;
const MISSING_ACCESS: u32 = 50_001;
const MISSING_PERMISSIONS: u32 = 50_013;
const THREAD_ARCHIVED: u32 = 50_083;
const THREAD_LOCKED: u32 = 160_005;
/// Too many edits of a message that is older than an hour.
const OLD_MESSAGE_EDITS: u32 = 30_046;
const ALREADY_ACKNOWLEDGED: u32 = 40_060;
const UNKNOWN_EMOJI: u32 = 10_014;
const TOO_MANY_REACTIONS: u32 = 30_010;
const REACTION_BLOCKED: u32 = 90_001;

/// How long edits of an old message rest after Discord said that there were too many.
const OLD_MESSAGE_REST: Duration = Duration::from_mins(1);
/// How long everything rests that was refused by something in front of Discord, or for the token.
const LONG_REST: Duration = Duration::from_mins(1);

impl CallError {
    /// What this means for whatever the request was about.
    pub(crate) fn fate(&self) -> Fate {
        match self {
            Self::Unreadable(_) | Self::Unavailable(_) | Self::TooLate => Fate::Later(None),
            Self::HeldBack => Fate::Later(Some(LONG_REST)),
            Self::Limited { after } => Fate::Later(Some(*after)),
            Self::Refused { code: UNKNOWN_CHANNEL, .. } => Fate::NoChannel,
            Self::Refused { code: UNKNOWN_GUILD, .. } => Fate::NoGuild,
            Self::Refused { code: UNKNOWN_MESSAGE, .. } => Fate::NoMessage,
            Self::Refused { code: OLD_MESSAGE_EDITS, .. } => Fate::Later(Some(OLD_MESSAGE_REST)),
            Self::Refused {
                code: MISSING_ACCESS | MISSING_PERMISSIONS | THREAD_ARCHIVED | THREAD_LOCKED,
                ..
            } => Fate::Forbidden,
            // A status without a code of Discord's comes from something in front of it, and proves nothing; and some
            // say themselves that it was not the request that was wrong.
            Self::Refused { status: 401 | 408 | 429, .. } | Self::Refused { code: 0, .. } => {
                Fate::Later(Some(LONG_REST))
            }
            Self::Refused { status: 403, .. } => Fate::Forbidden,
            Self::Refused { .. } | Self::Unwritable(_) => Fate::Never,
        }
    }

    /// Whether it proves that Muster is not in the guild that was asked for.
    pub(crate) fn proves_absence(&self) -> bool {
        matches!(
            self,
            Self::Refused { status: 404, code: UNKNOWN_GUILD, .. }
                | Self::Refused { status: 403, code: MISSING_ACCESS, .. }
        )
    }

    /// Whether the request may have been done although its answer does not say so.
    pub(crate) fn may_have_been_done(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Unavailable(_))
    }

    /// Whether a thread has to be opened again first.
    pub(crate) fn is_thread_closed(&self) -> bool {
        matches!(self, Self::Refused { code: THREAD_ARCHIVED | THREAD_LOCKED, .. })
    }

    /// Whether Discord does not know an emoji, or Muster may not use it.
    pub(crate) fn is_unknown_emoji(&self) -> bool {
        matches!(self, Self::Refused { code: UNKNOWN_EMOJI, .. })
    }

    /// Whether a message carries as many different reactions as there can be.
    pub(crate) fn is_full_of_reactions(&self) -> bool {
        matches!(self, Self::Refused { code: TOO_MANY_REACTIONS, .. })
    }

    /// Whether the author of a message has blocked Muster.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self, Self::Refused { code: REACTION_BLOCKED, .. })
    }

    /// Whether an interaction had been acknowledged before, so that this request was one too many.
    pub(crate) fn is_second_acknowledgement(&self) -> bool {
        matches!(self, Self::Refused { code: ALREADY_ACKNOWLEDGED, .. })
    }

    /// Whether Discord does not know the token.
    pub(crate) fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: u32) -> CallError {
        CallError::Refused { status, code, message: String::new() }
    }

    #[test]
    fn each_answer_has_one_fate() {
        let rest = Fate::Later(Some(Duration::from_mins(1)));
        for (error, fate) in [
            (refused(404, 10_003), Fate::NoChannel),
            (refused(404, 10_004), Fate::NoGuild),
            (refused(404, 10_008), Fate::NoMessage),
            (refused(403, 50_001), Fate::Forbidden),
            (refused(403, 50_013), Fate::Forbidden),
            (refused(400, 50_083), Fate::Forbidden),
            (refused(403, 20_028), Fate::Forbidden),
            (refused(400, 50_035), Fate::Never),
            (refused(400, 0), rest),
            (refused(408, 0), rest),
            (refused(413, 0), rest),
            (refused(429, 0), rest),
            (refused(429, 40_062), rest),
            (CallError::Unwritable(String::new()), Fate::Never),
            (refused(429, 30_046), rest),
            (refused(401, 0), rest),
            (refused(403, 0), rest),
            (refused(404, 0), rest),
            (CallError::HeldBack, rest),
            (CallError::Limited { after: Duration::from_secs(9) }, Fate::Later(Some(Duration::from_secs(9)))),
            (CallError::Unavailable(String::new()), Fate::Later(None)),
            (CallError::Unreadable(String::new()), Fate::Later(None)),
        ] {
            assert_eq!(error.fate(), fate, "{error}");
        }
    }

    #[test]
    fn only_two_answers_prove_that_the_bot_was_removed() {
        assert!(refused(404, 10_004).proves_absence());
        assert!(refused(403, 50_001).proves_absence());
        for error in
            [refused(404, 0), refused(403, 0), refused(401, 0), refused(404, 10_003), refused(500, 0)]
        {
            assert!(!error.proves_absence(), "{error}");
        }
    }
}
