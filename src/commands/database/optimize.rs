//! `/database optimize`: the data in as little room as it needs.

use bytesize::ByteSize;

use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;

/// Tidies up what is kept of this guild.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    call.require_room()?;
    let optimized = call.app.upkeep.optimize(call.guild()).await?;
    let (before, after) = (ByteSize(optimized.before_bytes), ByteSize(optimized.after_bytes));
    Ok(Reply::text(if after >= before {
        format!("I have tidied up this server's data. It takes {after}, as before.")
    } else {
        format!("I have tidied up this server's data. It took {before}, and takes {after} now.")
    }))
}
