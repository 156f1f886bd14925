//! `/database delete`: everything of this guild goes, once the server's name was typed.

use std::borrow::Cow;
use std::time::Duration;

use serenity::all::{CreateActionRow, CreateInputText, CreateModal, InputTextStyle};

use crate::app::DiscordError;
use crate::commands::call::{Call, Submission};
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::commands::rights;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::text;

/// How long Discord may take to say what the server is called; a form that comes later than it allows does not open.
const NAME_WITHIN: Duration = Duration::from_secs(1);

/// What the field of the form is known by.
const NAME: &str = "name";

/// Longest placeholder of a field, in characters.
///
/// Source: <https://docs.discord.com/developers/components/reference#text-input>
const PLACEHOLDER_MAX: usize = 100;

/// A server's name has at most 100 characters, of which Discord's clients may count each emoji twice.
const TYPED_MAX: u16 = 200;

const NOTHING: &str = "I keep nothing about this server, so there is nothing to delete.";

const ONLY_BACKUPS: &str = "I keep nothing about this server but its backups, and those stay with whoever runs me, as they \
                            have set me up; ask them to delete those.";

const BACKUPS_GO: &str = "The backups are gone as well.";
const BACKUPS_STAY: &str =
    "Only the backups stay with whoever runs me, as they have set me up; ask them to delete those.";

/// Opens the form that asks for the server's name.
pub(super) async fn ask(call: Call<'_>) -> Result<Reply, CommandError> {
    if let Some(why) = nothing_to_delete(call).await? {
        return Ok(Reply::text(why));
    }
    let name = server_name(call).await?;
    let id = CustomId { guild: call.guild(), action: Action::DeleteGuild };
    let field = CreateInputText::new(InputTextStyle::Short, "Type the name of this server", NAME)
        .placeholder(text::shorten(&visible(&name), PLACEHOLDER_MAX))
        .max_length(TYPED_MAX);
    let form = CreateModal::new(id.to_string(), "Delete everything I know here");
    Ok(Reply::form(form.components(vec![CreateActionRow::InputText(field)])))
}

/// Deletes everything that is kept of this guild, if the form says its name.
pub(in crate::commands) async fn delete_named(
    call: Call<'_>,
    form: Submission<'_>,
) -> Result<Reply, CommandError> {
    rights::require_manage_guild(call)?;
    let name = server_name(call).await?;
    if visible(form.field(NAME)) != visible(&name) {
        return Err(CommandError::OtherName(text::escape(&visible(&name))));
    }
    let (guild, user) = (call.guild(), call.invoker().user_id);
    let deleted = call.app.upkeep.delete(guild).await?;
    call.discord().forget_guild(guild);
    if !deleted.existed {
        return Ok(Reply::text(NOTHING));
    }
    tracing::info!(guild.id = %guild, user.id = %user, "a member had everything deleted that was kept of a guild");
    let backups = if call.app.config.storage.keep_deleted_backups { BACKUPS_STAY } else { BACKUPS_GO };
    Ok(Reply::text(format!(
        "It is done: I know nothing about this server any more, no event, no answer, no reminder. {backups} Messages that \
         I posted stay, but their buttons do nothing now. I start afresh with the next `/event create` or `/event watch`."
    )))
}

/// What to say where there is nothing that could be deleted. Asks only what is known at once.
async fn nothing_to_delete(call: Call<'_>) -> Result<Option<&'static str>, CommandError> {
    match call.store().await {
        Ok(Some(_)) | Err(CommandError::Quarantined) => return Ok(None),
        Ok(None) => {}
        Err(error) => return Err(error),
    }
    let has_backups = call.app.upkeep.info(call.guild()).await?.summary.backups > 0;
    Ok(match (has_backups, call.app.config.storage.keep_deleted_backups) {
        (false, _) => Some(NOTHING),
        (true, true) => Some(ONLY_BACKUPS),
        (true, false) => None,
    })
}

/// The name without what nobody sees, which a copy of it may have lost or gained, unless there is nothing else in it.
fn visible(name: &str) -> Cow<'_, str> {
    let seen = text::printable(name);
    if seen.is_empty() { Cow::Borrowed(name.trim()) } else { Cow::Owned(seen) }
}

/// What the server is called: by Discord, or where that does not answer, by the store.
async fn server_name(call: Call<'_>) -> Result<String, CommandError> {
    let unavailable = match tokio::time::timeout(NAME_WITHIN, call.discord().guild_name(call.guild())).await {
        Ok(Ok(name)) => return Ok(name),
        Ok(Err(error)) => error.into(),
        Err(_) => CommandError::Discord(DiscordError::Unavailable("it took too long".to_owned())),
    };
    let Ok(Some(store)) = call.store().await else { return Err(unavailable) };
    store.guild().name().await?.ok_or(unavailable)
}
