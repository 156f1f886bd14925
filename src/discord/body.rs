//! The body of every message that Muster sends, edits or answers with.

use serde::Serialize;
use serde_json::{Value, json};
use serenity::all::{CreateActionRow, CreateEmbed, CreateModal};

use super::sender::Upload;
use crate::commands::{Attachment, Reply};
use crate::ids::{RoleId, UserId};

/// Only the member who asked sees the message.
const EPHEMERAL: u32 = 1 << 6;

/// A message on its way to Discord. It pings those it is told to ping, and nobody else whatever its text says.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct MessageBody {
    /// The text, at most 2,000 characters; empty takes away the text of a message that is edited.
    pub(super) content: String,
    /// Embeds, at most 10.
    pub(super) embeds: Vec<CreateEmbed>,
    /// Rows of buttons, at most 5.
    pub(super) components: Vec<CreateActionRow>,
    /// The files that come with it; the request carries them beside this body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attachments: Vec<File>,
    /// Whom it pings.
    pub(super) allowed_mentions: AllowedMentions,
    /// What Discord knows a repetition by; only when sending to a channel.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<Nonce>,
    /// Who sees it, as Discord's bits; only in answers to interactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flags: Option<u32>,
}

/// A file that comes with a message, told apart by its number among those of the request.
#[derive(Debug, Clone, Serialize)]
pub(super) struct File {
    /// The number, written as ids are.
    id: String,
    filename: String,
    #[serde(skip)]
    content: Vec<u8>,
}

/// Whom a message pings: always a list, never what stands in the text.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct AllowedMentions {
    parse: [&'static str; 0],
    users: Vec<UserId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<RoleId>,
}

/// What Discord knows a repetition by: the same nonce within a few minutes makes no second message.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Nonce {
    nonce: String,
    enforce_nonce: bool,
}

impl AllowedMentions {
    /// Pings these members, at most 100.
    pub(super) fn users(users: &[UserId]) -> Self {
        Self { users: users.to_vec(), ..Self::default() }
    }

    /// Pings these members and the members of these roles, at most 100 of each.
    pub(super) fn users_and_roles(users: &[UserId], roles: &[RoleId]) -> Self {
        Self { users: users.to_vec(), roles: roles.to_vec(), ..Self::default() }
    }
}

impl Nonce {
    /// At most 25 characters.
    pub(super) fn new(nonce: String) -> Self {
        Self { nonce, enforce_nonce: true }
    }
}

/// Who sees an answer to an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Only the member who asked.
    Asker,
    /// Everyone who can see the channel.
    Channel,
}

impl MessageBody {
    /// The body of an answer to an interaction.
    pub(super) fn of_reply(reply: Reply, audience: Audience) -> Self {
        let flags = (audience == Audience::Asker).then_some(EPHEMERAL);
        Self {
            content: reply.content,
            embeds: reply.embeds,
            components: reply.rows,
            attachments: numbered(reply.files),
            flags,
            ..Self::default()
        }
    }

    /// Its files, in the order of their numbers; the body keeps what it says of them.
    pub(super) fn take_uploads(&mut self) -> Vec<Upload> {
        let files = self.attachments.iter_mut();
        files
            .map(|file| Upload { name: file.filename.clone(), content: std::mem::take(&mut file.content) })
            .collect()
    }
}

fn numbered(files: Vec<Attachment>) -> Vec<File> {
    let files = files.into_iter().enumerate();
    files
        .map(|(id, Attachment { name, content })| File { id: id.to_string(), filename: name, content })
        .collect()
}

/// The first answer to an interaction.
///
/// Source: <https://docs.discord.com/developers/interactions/receiving-and-responding>
#[derive(Debug)]
pub(super) enum FirstAnswer {
    /// A new message.
    Message(MessageBody),
    /// The message whose button was pressed, rewritten.
    Update(MessageBody),
    /// A new message follows; until then the member sees that Muster is at work.
    DeferMessage,
    /// Whatever follows; until then the member sees nothing.
    DeferUpdate,
    /// Suggestions while the member types.
    Suggestions(Value),
    /// A form that opens.
    Form(CreateModal),
}

impl FirstAnswer {
    /// The JSON that Discord wants.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Message(body) => json!({ "type": 4, "data": body }),
            Self::DeferMessage => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
            Self::DeferUpdate => json!({ "type": 6 }),
            Self::Update(body) => json!({ "type": 7, "data": body }),
            Self::Suggestions(choices) => json!({ "type": 8, "data": { "choices": choices } }),
            Self::Form(form) => json!({ "type": 9, "data": form }),
        }
    }

    /// The files that go with it.
    pub(super) fn take_uploads(&mut self) -> Vec<Upload> {
        match self {
            Self::Message(body) | Self::Update(body) => body.take_uploads(),
            Self::DeferMessage | Self::DeferUpdate | Self::Suggestions(_) | Self::Form(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_pings_only_whom_it_names() {
        let body = MessageBody { content: "@everyone <@&5>".into(), ..MessageBody::default() };
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json["allowed_mentions"], json!({ "parse": [], "users": [] }));
        assert!(json.get("nonce").is_none() && json.get("flags").is_none());
        let body = MessageBody {
            allowed_mentions: AllowedMentions::users(&[UserId::new(7)]),
            nonce: Some(Nonce::new("abc-0".into())),
            ..MessageBody::default()
        };
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json["allowed_mentions"]["users"], json!(["7"]));
        assert_eq!((&json["nonce"], &json["enforce_nonce"]), (&json!("abc-0"), &json!(true)));
    }

    #[test]
    fn the_body_says_of_each_file_what_it_is_and_the_request_carries_it() {
        let file = |name: &str| Attachment { name: name.to_owned(), content: vec![7; 3] };
        let reply = Reply { files: vec![file("a.json"), file("b.json")], ..Reply::default() };
        let mut body = MessageBody::of_reply(reply, Audience::Asker);
        let uploads = body.take_uploads();
        assert_eq!(uploads.iter().map(|upload| upload.content.len()).collect::<Vec<_>>(), [3, 3]);
        let json = FirstAnswer::Message(body).to_json();
        assert_eq!(json["data"]["attachments"][1], json!({ "id": "1", "filename": "b.json" }));
    }

    #[test]
    fn an_answer_for_one_member_is_ephemeral() {
        let body = MessageBody::of_reply(Reply::default(), Audience::Asker);
        assert_eq!(FirstAnswer::Message(body).to_json()["data"]["flags"], json!(64));
        let body = MessageBody::of_reply(Reply::default(), Audience::Channel);
        assert!(FirstAnswer::Update(body).to_json()["data"].get("flags").is_none());
    }
}
