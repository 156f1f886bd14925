//! How Discord says no.

use axum::http::StatusCode;

use crate::api::ApiResponse;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A status, a code and a sentence
    /// (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes>).
    Plain(u16, u32, &'static str),
    /// 400 / 50035 with one field and what is wrong with it.
    Form { path: String, code: &'static str, message: String },
}

impl Refusal {
    pub(crate) const NO_ROUTE: Self = Self::Plain(404, 0, "404: Not Found");
    pub(crate) const MALFORMED: Self = Self::Plain(400, 50109, "The request body contains invalid JSON.");

    pub(crate) const UNKNOWN_APPLICATION: Self = Self::Plain(404, 10002, "Unknown Application");
    pub(crate) const UNKNOWN_CHANNEL: Self = Self::Plain(404, 10003, "Unknown Channel");
    pub(crate) const UNKNOWN_GUILD: Self = Self::Plain(404, 10004, "Unknown Guild");
    pub(crate) const UNKNOWN_INVITE: Self = Self::Plain(404, 10006, "Unknown Invite");
    pub(crate) const UNKNOWN_MEMBER: Self = Self::Plain(404, 10007, "Unknown Member");
    pub(crate) const UNKNOWN_MESSAGE: Self = Self::Plain(404, 10008, "Unknown Message");
    pub(crate) const UNKNOWN_OVERWRITE: Self = Self::Plain(404, 10009, "Unknown permission overwrite");
    pub(crate) const UNKNOWN_ROLE: Self = Self::Plain(404, 10011, "Unknown Role");
    pub(crate) const UNKNOWN_USER: Self = Self::Plain(404, 10013, "Unknown User");
    pub(crate) const UNKNOWN_EMOJI: Self = Self::Plain(400, 10014, "Unknown Emoji");
    pub(crate) const UNKNOWN_WEBHOOK: Self = Self::Plain(404, 10015, "Unknown Webhook");
    pub(crate) const UNKNOWN_BAN: Self = Self::Plain(404, 10026, "Unknown Ban");
    pub(crate) const UNKNOWN_INTERACTION: Self = Self::Plain(404, 10062, "Unknown interaction");
    pub(crate) const UNKNOWN_COMMAND: Self = Self::Plain(404, 10063, "Unknown application command");
    pub(crate) const UNKNOWN_COMMAND_PERMISSIONS: Self =
        Self::Plain(404, 10066, "Unknown application command permissions");
    pub(crate) const UNKNOWN_SCHEDULED_EVENT: Self = Self::Plain(404, 10070, "Unknown Guild Scheduled Event");

    pub(crate) const TOO_MANY_PINS: Self =
        Self::Plain(400, 30003, "Maximum number of pins reached for the channel (250)");
    pub(crate) const TOO_MANY_REACTIONS: Self =
        Self::Plain(400, 30010, "Maximum number of reactions reached (20)");
    pub(crate) const TOO_MANY_COMMANDS: Self =
        Self::Plain(400, 30032, "Maximum number of application commands reached (100)");
    pub(crate) const TOO_MANY_ROLES: Self =
        Self::Plain(400, 30005, "Maximum number of server roles reached (250)");
    pub(crate) const TOO_MANY_CHANNELS: Self =
        Self::Plain(400, 30013, "Maximum number of server channels reached (500)");
    pub(crate) const TOO_MANY_EVENTS: Self =
        Self::Plain(400, 30038, "Maximum number of uncompleted guild scheduled events reached (100)");

    pub(crate) const TOO_MANY_CREATES: Self =
        Self::Plain(400, 30034, "Max number of daily application command creates has been reached (200)");

    pub(crate) const FORUM_CHANNEL: Self = Self::Plain(400, 40058, "Cannot send messages in a forum channel");
    pub(crate) const ALREADY_ACKNOWLEDGED: Self =
        Self::Plain(400, 40060, "Interaction has already been acknowledged.");
    pub(crate) const MISSING_ACCESS: Self = Self::Plain(403, 50001, "Missing Access");
    pub(crate) const NOT_IN_DIRECT: Self = Self::Plain(400, 50003, "Cannot execute action on a DM channel");
    pub(crate) const FOREIGN_MESSAGE: Self =
        Self::Plain(403, 50005, "Cannot edit a message authored by another user");
    pub(crate) const EMPTY_MESSAGE: Self = Self::Plain(400, 50006, "Cannot send an empty message");
    pub(crate) const CLOSED_DIRECT: Self = Self::Plain(403, 50007, "Cannot send messages to this user");
    pub(crate) const NOT_A_TEXT_CHANNEL: Self =
        Self::Plain(400, 50008, "Cannot send messages in a non-text channel");
    pub(crate) const MISSING_PERMISSIONS: Self = Self::Plain(403, 50013, "Missing Permissions");
    pub(crate) const WRONG_COUNT: Self = Self::Plain(
        400,
        50016,
        "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete.",
    );
    pub(crate) const SYSTEM_MESSAGE: Self =
        Self::Plain(403, 50021, "Cannot execute action on a system message");
    pub(crate) const WRONG_CHANNEL_TYPE: Self =
        Self::Plain(400, 50024, "Cannot execute action on this channel type");
    pub(crate) const INVALID_WEBHOOK_TOKEN: Self = Self::Plain(401, 50027, "Invalid Webhook Token");
    pub(crate) const INVALID_ROLE: Self = Self::Plain(400, 50028, "Invalid role");
    pub(crate) const INVALID_RECIPIENT: Self = Self::Plain(400, 50033, "Invalid Recipient(s)");
    pub(crate) const TOO_OLD: Self =
        Self::Plain(400, 50034, "You can only bulk delete messages that are under 14 days old.");
    pub(crate) const ARCHIVED_THREAD: Self = Self::Plain(400, 50083, "Thread is archived");
    pub(crate) const NO_MUTUAL_GUILD: Self =
        Self::Plain(403, 50278, "Cannot send messages to this user due to having no mutual guilds");
    pub(crate) const NO_HISTORY_FOR_REPLY: Self =
        Self::Plain(400, 160_002, "Cannot reply without permission to read message history");
    pub(crate) const THREAD_EXISTS: Self =
        Self::Plain(400, 160_004, "A thread has already been created for this message");
    pub(crate) const LOCKED_THREAD: Self = Self::Plain(400, 160_005, "Thread is locked");
    pub(crate) const EVENT_IS_OVER: Self = Self::Plain(400, 180_000, "Cannot update a finished event");

    /// One field of the body, or of the path, is wrong.
    pub(crate) fn form(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Form { path: path.into(), code, message: message.into() }
    }

    /// A field that must be there is not.
    pub(crate) fn required(path: impl Into<String>) -> Self {
        Self::form(path, "BASE_TYPE_REQUIRED", "This field is required")
    }

    pub(crate) fn into_response(self) -> ApiResponse {
        match self {
            Self::Plain(status, code, message) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                ApiResponse::error(status, code, message)
            }
            Self::Form { path, code, message } => ApiResponse::invalid_form(&path, code, &message),
        }
    }
}
