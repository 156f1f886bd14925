//! Guilds whose store was damaged, or replaced by a backup: what is believed of them is looked at again, and their organisers
//! are told, once.
//!
//! **Invariants**
//! - A damaged store is told of until Discord took the message; what was told is noted on the disk, beside what was set aside.
//! - The message goes where organisers read, and is never sent to members unasked.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::body::{AllowedMentions, MessageBody, Nonce};
use super::core::Core;
use super::failure::{EdgeError, chain};
use super::notice_board;
use super::routes;
use super::sender::Urgency;
use super::wire::WireId;
use crate::domain::text;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId};
use crate::lifecycle::Shutdown;
use crate::storage::{DataDir, SetAsideNotice, StorageError};

/// How soon what failed is tried again; to tell organisers takes longer and longer, up to [`LONGEST`].
const AGAIN: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(1);

/// Keeps up with stores that were set aside or replaced, until a stop is asked for.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    let untold = Notify::new();
    tokio::join!(heed(&core, &shutdown, &untold), tell_organisers(&core, &shutdown, &untold));
}

async fn heed(core: &Core, shutdown: &Shutdown, untold: &Notify) {
    let mut failed = BTreeSet::new();
    loop {
        let guilds = tokio::select! {
            () = shutdown.requested() => break,
            guilds = core.stores.casualties() => guilds,
            () = core.clock.sleep(AGAIN), if !failed.is_empty() => std::mem::take(&mut failed),
        };
        for guild in guilds {
            if let Err(error) = look_again(core, guild).await {
                tracing::warn!(guild.id = %guild, error = chain(&error), "what is due in this guild could not be read");
                failed.insert(guild);
            }
        }
        untold.notify_one();
    }
    // The stop tries once more.
    for guild in failed {
        core.stores.note_casualty(guild);
    }
}

async fn tell_organisers(core: &Core, shutdown: &Shutdown, untold: &Notify) {
    tokio::select! {
        () = shutdown.requested() => return,
        () = core.link.identified() => {}
    }
    let mut rest = AGAIN;
    loop {
        let all_told = tell_all(core, shutdown).await;
        tokio::select! {
            () = shutdown.requested() => return,
            () = untold.notified() => rest = AGAIN,
            () = core.clock.sleep(rest), if !all_told => rest = LONGEST.min(rest * 2),
        }
    }
}

/// Brings what is kept in memory in line with a store that took another's place.
async fn look_again(core: &Core, guild: GuildId) -> Result<(), StorageError> {
    core.freshness.missed(|known| known == guild);
    let settled = core.upkeep.settle(guild).await;
    core.stale.notify_one();
    match settled {
        Err(StorageError::Quarantined { .. }) => Ok(()),
        settled => settled,
    }
}

/// Tells the organisers of all damaged stores of which they do not know yet; `false` if some have to be told later.
async fn tell_all(core: &Core, shutdown: &Shutdown) -> bool {
    let Some(notices) = untold(core, DataDir::set_aside_notices).await else { return false };
    let mut all_told = true;
    for notice in notices {
        if shutdown.is_requested() {
            return true;
        }
        let guild = notice.guild;
        // Its opening was perhaps interrupted before a backup took its place.
        let organisers = organisers(core, guild).await;
        let by_now = untold(core, move |dir| dir.set_aside_notices_of(guild)).await.unwrap_or_default();
        let Some(notice) = by_now.into_iter().find(|known| known.at == notice.at) else { continue };
        match tell(core, &notice, organisers).await {
            Ok(Some(channel)) => {
                tracing::info!(guild.id = %guild, channel.id = %channel, "told the organisers that their store was set aside");
                if let Err(error) = core.upkeep.data_dir.note_told(&notice) {
                    tracing::warn!(guild.id = %guild, error = chain(&error), "they may be told once more");
                }
            }
            Ok(None) => {
                tracing::warn!(guild.id = %guild, "there is no channel in which to tell the organisers of their store");
                all_told = false;
            }
            Err(error) => {
                tracing::warn!(guild.id = %guild, error = chain(&error), "the organisers could not be told of their store");
                all_told = false;
            }
        }
    }
    all_told
}

/// The notices of guilds that Muster is in, among those that `read` finds; `None` if they cannot be read.
async fn untold(
    core: &Core,
    read: impl FnOnce(&DataDir) -> Result<Vec<SetAsideNotice>, StorageError> + Send + 'static,
) -> Option<Vec<SetAsideNotice>> {
    let dir = Arc::clone(&core.upkeep.data_dir);
    // On a thread that may be blocked: there may be as many as there are guilds.
    match tokio::task::spawn_blocking(move || read(&dir)).await.ok()? {
        Ok(mut notices) => {
            notices.retain(|notice| core.registry.is_member(notice.guild));
            Some(notices)
        }
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(error, "it cannot be read whose organisers have to be told of their store");
            None
        }
    }
}

/// The roles of a guild's organisers, as far as its store can be read.
async fn organisers(core: &Core, guild: GuildId) -> Vec<RoleId> {
    match core.stores.open(guild).await {
        Ok(Some(store)) => store.guild().settings().await.unwrap_or_default().organiser_roles,
        _ => Vec::new(),
    }
}

/// Sends the message; where, or `None` if Muster may not write anywhere in that guild.
async fn tell(
    core: &Core,
    notice: &SetAsideNotice,
    roles: Vec<RoleId>,
) -> Result<Option<ChannelId>, EdgeError> {
    let Some(board) = notice_board::find(core, notice.guild, &HashSet::new()).await? else { return Ok(None) };
    let (whom, users, roles) = notice_board::call(&[board.owner], &roles);
    let body = MessageBody {
        content: words(notice, &whom),
        allowed_mentions: AllowedMentions::users_and_roles(&users, &roles),
        nonce: Some(nonce(notice)),
        ..MessageBody::default()
    };
    let call = routes::send_message(board.channel, &body).with_urgency(Urgency::Background);
    let _sent: WireId<MessageId> = core.sender.ask(call).await?;
    Ok(Some(board.channel))
}

/// Discord keeps a bot's nonces of all guilds together, and a start may set many stores aside in one millisecond: so the guild
/// stands in it, and of the instant as much as fits.
fn nonce(notice: &SetAsideNotice) -> Nonce {
    let at = notice.at.timestamp_millis().rem_euclid(1 << 32);
    Nonce::new(format!("{:x}-{at:x}", notice.guild.get()))
}

fn words(notice: &SetAsideNotice, whom: &str) -> String {
    match notice.restored_from {
        Some(taken_at) => format!(
            "{whom} What I had written down for this server was damaged on my disk. I went on with my backup of {}: events, \
             answers and settings that changed since then are missing, so please look at `/event list`. Reminders that were \
             due before this moment are not sent again. The damaged file is kept; whoever runs me finds the reason in my log.",
            text::full_time(taken_at)
        ),
        None => format!(
            "{whom} What I have written down for this server is damaged on my disk, and I have no backup of it. Until that is \
             mended, my commands and reminders rest here; other servers are not affected. The damaged file is kept: whoever runs \
             me finds the reason in my log and can restore it. Or start afresh with `/database delete`."
        ),
    }
}
