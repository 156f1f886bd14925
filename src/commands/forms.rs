//! The forms that Muster opened and somebody submitted. Like buttons they carry all they need, so one that was open
//! during a restart still works.

use super::call::{Call, Submission};
use super::database;
use super::error::CommandError;
use super::reply::Reply;
use crate::domain::custom_id::{Action, CustomId};

/// Does what a form was opened for, once it is certain that it belongs to this guild.
pub(super) async fn submit(call: Call<'_>, form: Submission<'_>) -> Result<Reply, CommandError> {
    let id: CustomId = form.custom_id.parse().map_err(|_| CommandError::UnknownForm)?;
    match id.action {
        Action::DeleteGuild if id.guild == call.guild() => database::delete_named(call, form).await,
        _ => Err(CommandError::UnknownForm),
    }
}
