//! What is done for a guild, and what came of it.

use serde::Serialize;

use super::Failure;
use crate::ids::GuildId;
use crate::upkeep::{Answer, Request};

/// What can be done for all guilds, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    BackUp,
    Verify,
    Optimize,
}

impl Errand {
    /// The request for one guild.
    pub(super) const fn request(self, guild: GuildId) -> Request {
        match self {
            Self::BackUp => Request::BackUp(guild),
            Self::Verify => Request::Verify(guild),
            Self::Optimize => Request::Optimize(guild),
        }
    }

    /// What was done, as the end of a sentence.
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::BackUp => "backed up",
            Self::Verify => "looked at",
            Self::Optimize => "optimized",
        }
    }
}

/// What is wrong, in a sentence, although what was asked for was done; `None` if nothing is.
pub(super) fn complaint(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Verify(verified) if verified.problem.is_some() => {
            Some(format!("The store of guild {} is damaged.", verified.guild_id))
        }
        // A mistyped number should not look like a deletion.
        Answer::Delete(deleted) if !deleted.existed => {
            Some(format!("Nothing is kept of guild {}.", deleted.guild_id))
        }
        _ => None,
    }
}

/// The JSON of what was answered, without a word about the kind of the answer: whoever asked knows it.
pub(super) fn answer_as_json(answer: &Answer) -> Result<String, Failure> {
    match answer {
        Answer::List(guilds) => json(guilds),
        Answer::Info(info) => json(info),
        Answer::BackUp(backup) => json(backup),
        Answer::Restore(restored) => json(restored),
        Answer::Verify(verified) => json(verified),
        Answer::Optimize(optimized) => json(optimized),
        Answer::Delete(deleted) => json(deleted),
        Answer::CleanUp(cleaned) => json(cleaned),
        Answer::Export(export) => json(export),
    }
}

/// One line of JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::new)?)
}
