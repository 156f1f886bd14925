//! What members answered.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::emoji::Emoji;
use crate::ids::UserId;

/// How an answer came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A button of Muster's; a member has one such answer at a time.
    Button,
    /// A reaction on the message; a member may put several.
    Reaction,
}

/// One answer of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Who answered.
    pub user_id: UserId,
    /// What, as the event's choice is written.
    pub choice: Emoji,
    /// How.
    pub source: Source,
}

/// The members with at least one answer.
#[must_use]
pub fn responders(responses: &[Response]) -> HashSet<UserId> {
    responses.iter().map(|response| response.user_id).collect()
}

/// The members who gave this answer, each once, in the order of their answers.
#[must_use]
pub fn who_chose(responses: &[Response], emoji: &Emoji) -> Vec<UserId> {
    let mut seen = HashSet::new();
    let chosen = responses.iter().filter(|response| response.choice == *emoji);
    chosen.map(|response| response.user_id).filter(|user| seen.insert(*user)).collect()
}
