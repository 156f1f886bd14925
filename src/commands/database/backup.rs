//! `/database backup`: a backup now, besides those that are made by themselves.

use bytesize::ByteSize;

use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::domain::text;

/// Backs up what is kept of this guild.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    call.require_room()?;
    let guild = call.guild();
    let backup = call.app.upkeep.back_up(guild).await?;
    let kept = call.app.upkeep.info(guild).await?.summary.backups;
    let lines = [
        format!(
            "I have backed up this server's data {}: {}.",
            text::relative_time(backup.taken_at),
            ByteSize(backup.size_bytes)
        ),
        format!(
            "I keep {} of it now. Whoever runs me can bring one back with `muster guild restore {guild}`.",
            text::count(kept, "backup", "backups")
        ),
    ];
    Ok(Reply::lines(&lines))
}
