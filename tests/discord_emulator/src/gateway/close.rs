//! Close codes (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>).

/// A code and the reason that Discord sends with it.
pub(super) type Close = (u16, &'static str);

pub(super) const UNKNOWN_ERROR: Close = (4000, "Unknown error.");
pub(super) const UNKNOWN_OPCODE: Close = (4001, "Unknown opcode.");
pub(super) const DECODE_ERROR: Close = (4002, "Error while decoding payload.");
pub(super) const NOT_AUTHENTICATED: Close = (4003, "Not authenticated.");
pub(super) const AUTHENTICATION_FAILED: Close = (4004, "Authentication failed.");
pub(super) const ALREADY_AUTHENTICATED: Close = (4005, "Already authenticated.");
pub(super) const INVALID_SEQUENCE: Close = (4007, "Invalid seq.");
pub(super) const RATE_LIMITED: Close = (4008, "Rate limited.");
pub(super) const INVALID_SHARD: Close = (4010, "Invalid shard.");
pub(super) const SHARDING_REQUIRED: Close = (4011, "Sharding required.");
pub(super) const INVALID_VERSION: Close = (4012, "Invalid API version.");
pub(super) const INVALID_INTENTS: Close = (4013, "Invalid intent(s).");
pub(super) const DISALLOWED_INTENTS: Close = (4014, "Disallowed intent(s).");

/// Whether a session outlives a connection that was closed with this code, by whichever side.
pub(super) const fn keeps_session(code: Option<u16>) -> bool {
    !matches!(code, Some(1000 | 1001 | 4004 | 4007 | 4009..=4014))
}

/// The reason that Discord gives with a code.
pub(super) fn reason(code: u16) -> &'static str {
    let known = [
        UNKNOWN_ERROR,
        UNKNOWN_OPCODE,
        DECODE_ERROR,
        NOT_AUTHENTICATED,
        AUTHENTICATION_FAILED,
        ALREADY_AUTHENTICATED,
        INVALID_SEQUENCE,
        RATE_LIMITED,
        INVALID_SHARD,
        SHARDING_REQUIRED,
        INVALID_VERSION,
        INVALID_INTENTS,
        DISALLOWED_INTENTS,
    ];
    known.iter().find(|(number, _)| *number == code).map_or("", |(_, reason)| reason)
}
