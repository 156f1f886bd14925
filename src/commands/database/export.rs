//! `/database export`: everything that is known of this guild, in a file for the member who asks.

use anyhow::Context;

use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::{Attachment, Reply};

/// Sends everything that is known of this guild as one JSON file.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    let guild = call.guild();
    let export = call.app.upkeep.export(guild).await?;
    let content = serde_json::to_vec_pretty(&export).context("an export cannot be written as JSON");
    let content = content.map_err(CommandError::Fault)?;
    let (size, max) = (u64::try_from(content.len()).unwrap_or(u64::MAX), call.invocation.attachment_max);
    if size > max {
        return Err(CommandError::TooLargeToSend { size, max, guild });
    }
    let name = format!("muster-{guild}-{}.json", call.now().format("%Y-%m-%d"));
    let said = "Here is everything I know about this server. Only you see this message. The file holds the names and \
                answers of members, so mind where you keep it.";
    Ok(Reply::file(said, Attachment { name, content }))
}
