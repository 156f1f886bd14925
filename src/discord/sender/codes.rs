//! The one table: every code of Discord's that a request of Muster's can meet, and what it makes of what the request was about.
//!
//! Source: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes>. Codes about what Muster
//! never does (webhooks, stickers, bans, pins, voice …) are left out: one that comes all the same is judged by its status.

/// What an answer of Discord's makes of what it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// It may work later: tried again with growing waits, given up after a day.
    Retry,
    /// Muster may not see the channel: everything in it is held up, with one notice.
    NoAccess,
    /// Muster may not do it in the channel: the same.
    NoPermission,
    /// The thread is archived or locked: the same.
    ThreadClosed,
    /// The channel is gone: once that is confirmed, its events end, and that is said.
    NoChannel,
    /// The message is gone: the same for its event.
    NoMessage,
    /// Muster is not in the guild: its life-cycle finds out, nothing is decided here.
    NoGuild,
    /// The member does not take it: nobody else is concerned.
    Unreachable,
    /// It will never work in this form: the event is held up, with one notice in Discord's words.
    Refused,
    /// The token is not valid: once that is confirmed, the process ends with a sentence.
    Stop,
}

/// One code.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) code: u32,
    pub(super) class: Class,
    /// What it says, and why it has this class where that is not plain.
    pub(super) why: &'static str,
}

const fn row(code: u32, class: Class, why: &'static str) -> Row {
    Row { code, class, why }
}

/// In ascending order of code.
pub(super) const TABLE: &[Row] = &[
    row(10_003, Class::NoChannel, "unknown channel"),
    row(10_004, Class::NoGuild, "unknown guild"),
    row(10_007, Class::Unreachable, "unknown member: somebody left"),
    row(10_008, Class::NoMessage, "unknown message"),
    row(10_011, Class::Refused, "unknown role"),
    row(10_013, Class::Unreachable, "unknown user: an account was deleted"),
    row(10_014, Class::Refused, "unknown emoji: it was deleted, or belongs to another guild"),
    row(10_015, Class::Refused, "unknown webhook: the token of an interaction has run out"),
    row(10_026, Class::Refused, "unknown ban"),
    row(10_062, Class::Refused, "unknown interaction: it was answered too late"),
    row(20_001, Class::Refused, "bots cannot use this endpoint"),
    row(20_009, Class::Refused, "explicit content cannot be sent to the recipient"),
    row(20_016, Class::Retry, "slow mode: the channel takes the next message later"),
    row(20_022, Class::Retry, "too many edits of an announcement"),
    row(20_024, Class::NoAccess, "under minimum age: an age-restricted channel is closed to Muster"),
    row(20_028, Class::Retry, "the channel has hit the write rate limit"),
    row(20_029, Class::Retry, "the server has hit the write rate limit"),
    row(30_010, Class::Refused, "a message carries as many different reactions as it can"),
    row(30_046, Class::Retry, "too many edits of messages older than an hour"),
    row(40_001, Class::Stop, "unauthorised: provide a valid token"),
    row(40_002, Class::NoPermission, "the account has to be verified before it may do this"),
    row(40_003, Class::Retry, "direct messages are opened too fast"),
    row(40_004, Class::Retry, "sending messages is disabled for a while, by Discord"),
    row(40_005, Class::Refused, "the request is too large"),
    row(40_006, Class::Retry, "this feature is disabled for a while, by Discord"),
    row(40_007, Class::Unreachable, "the user is banned from this guild"),
    row(40_058, Class::Refused, "a message cannot be sent in a forum channel"),
    row(40_060, Class::Refused, "the interaction has been acknowledged already"),
    row(40_062, Class::Retry, "the resource is being rate limited"),
    row(40_094, Class::Refused, "the interaction has all the follow-ups that it can have"),
    row(40_333, Class::Retry, "Cloudflare blocks the request: something in front of Discord, not Discord"),
    row(50_001, Class::NoAccess, "missing access"),
    row(50_003, Class::Refused, "cannot be done in a direct message"),
    row(50_005, Class::Refused, "somebody else's message cannot be edited"),
    row(50_006, Class::Refused, "an empty message cannot be sent"),
    row(50_007, Class::Unreachable, "the user takes no direct messages"),
    row(50_008, Class::Refused, "messages cannot be sent in a channel of this type"),
    row(50_009, Class::NoAccess, "the channel's verification level is too high"),
    row(50_013, Class::NoPermission, "missing permissions, or Muster is timed out"),
    row(50_014, Class::Stop, "invalid authentication token"),
    row(50_021, Class::Refused, "cannot be done to a system message"),
    row(50_024, Class::Refused, "cannot be done in a channel of this type"),
    row(50_025, Class::Stop, "invalid OAuth2 access token"),
    row(50_027, Class::Refused, "invalid webhook token: the token of an interaction has run out"),
    row(50_028, Class::Refused, "invalid role"),
    row(50_033, Class::Refused, "invalid recipients"),
    row(50_035, Class::Refused, "invalid form body, or a field of the wrong type"),
    row(50_036, Class::Refused, "an invite was accepted to a guild that Muster is not in"),
    row(50_041, Class::Refused, "invalid API version: this Muster is too old"),
    row(50_045, Class::Refused, "an uploaded file is too large"),
    row(50_046, Class::Refused, "an uploaded file is invalid"),
    row(50_055, Class::NoGuild, "invalid guild"),
    row(50_068, Class::Refused, "invalid message type"),
    row(50_083, Class::ThreadClosed, "the thread is archived"),
    row(50_109, Class::Refused, "the request body contains invalid JSON"),
    row(50_278, Class::Unreachable, "there is no guild that the user shares with Muster"),
    row(60_003, Class::NoPermission, "two-factor authentication is required for this"),
    row(90_001, Class::Refused, "the author of the message has blocked Muster's reactions"),
    row(110_001, Class::Retry, "the application is not available yet"),
    row(130_000, Class::Retry, "the API resource is overloaded"),
    row(160_002, Class::NoPermission, "a reply wants the permission to read the history"),
    row(160_005, Class::ThreadClosed, "the thread is locked"),
    row(200_000, Class::Refused, "AutoMod blocks the message"),
    row(200_001, Class::Refused, "AutoMod blocks the title"),
    row(220_001, Class::Refused, "a webhook in a forum wants a thread"),
    row(220_002, Class::Refused, "a webhook in a forum wants either a thread's name or its id"),
    row(220_003, Class::Refused, "webhooks can create threads only in forums"),
    row(240_000, Class::Refused, "the message is blocked by the filter of harmful links"),
    row(400_001, Class::NoPermission, "access to file uploads is limited for this guild"),
];

/// What a code says, in words of Muster's own.
pub(super) fn meaning(code: u32) -> Option<&'static str> {
    let index = TABLE.binary_search_by_key(&code, |row| row.code).ok()?;
    TABLE.get(index).map(|row| row.why)
}

/// What an answer of this status and code means.
///
/// A code that the table does not have is judged by the status; and a status without a code comes from something in front of
/// Discord: that proves nothing, and may pass.
pub(super) fn class_of(status: u16, code: u32) -> Class {
    if status == 429 {
        return Class::Retry;
    }
    if let Ok(index) = TABLE.binary_search_by_key(&code, |row| row.code) {
        return TABLE.get(index).map_or(Class::Retry, |row| row.class);
    }
    match (status, code) {
        (_, 0) | (408 | 425 | 500.., _) => Class::Retry,
        (401, _) => Class::Stop,
        (403, _) => Class::NoPermission,
        _ => Class::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_code_once_and_says_why() {
        assert!(TABLE.is_sorted_by(|before, after| before.code < after.code));
        for row in TABLE {
            assert!(row.why.len() > 8, "{} has no reason", row.code);
            for status in [400, 403, 404] {
                assert_eq!(class_of(status, row.code), row.class, "{status} / {}: {}", row.code, row.why);
            }
            assert_eq!(class_of(429, row.code), Class::Retry, "429 / {}", row.code);
        }
    }

    #[test]
    fn each_class_is_what_discords_documentation_says() {
        for (class, codes) in [
            (
                Class::Retry,
                &[20_016, 20_022, 20_028, 20_029, 30_046, 40_004, 40_062, 40_333, 110_001, 130_000][..],
            ),
            (Class::NoAccess, &[50_001]),
            (Class::NoPermission, &[50_013, 160_002]),
            (Class::ThreadClosed, &[50_083, 160_005]),
            (Class::NoChannel, &[10_003]),
            (Class::NoMessage, &[10_008]),
            (Class::NoGuild, &[10_004]),
            (Class::Unreachable, &[10_007, 10_013, 50_007, 50_278]),
            (
                Class::Refused,
                &[
                    10_011, 10_014, 10_026, 10_062, 40_060, 50_006, 50_008, 50_024, 50_035, 50_109, 90_001,
                    200_000, 200_001, 220_001, 220_002, 220_003, 240_000,
                ],
            ),
            (Class::Stop, &[40_001, 50_014, 50_025]),
        ] {
            for code in codes {
                assert!(TABLE.iter().any(|row| row.code == *code), "{code} is missing");
                assert_eq!(class_of(400, *code), class, "{code}");
            }
        }
    }

    #[test]
    fn what_has_no_code_is_not_discords_and_passes() {
        for status in [400, 401, 403, 404, 405, 408, 413, 429, 500, 502, 503, 504, 520, 530] {
            assert_eq!(class_of(status, 0), Class::Retry, "{status}");
        }
    }

    #[test]
    fn a_code_that_is_new_is_judged_by_its_status() {
        for (status, class) in [
            (400, Class::Refused),
            (401, Class::Stop),
            (403, Class::NoPermission),
            (404, Class::Refused),
            (405, Class::Refused),
            (413, Class::Refused),
            (429, Class::Retry),
            (503, Class::Retry),
        ] {
            assert_eq!(class_of(status, 999_999), class, "{status}");
        }
    }
}
