//! The forms that Muster opened and somebody submitted. Like buttons they carry all they need, so one that was open
//! during a restart still works.

use super::call::{Call, Submission};
use super::error::CommandError;
use super::reply::Reply;

/// Does what a form was opened for.
pub(super) async fn submit(_: Call<'_>, _: Submission<'_>) -> Result<Reply, CommandError> {
    Err(CommandError::UnknownForm)
}
