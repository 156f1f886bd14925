//! `/database delete`: everything of this guild goes, once the server's name was typed.

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

const BACKUPS_GO: &str = "The backups are gone as well.";
const BACKUPS_STAY: &str =
    "Only the backups stay with whoever runs me, as they have set me up; ask them to delete those.";

/// Opens the form that asks for the server's name.
pub(super) async fn ask(call: Call<'_>) -> Result<Reply, CommandError> {
    if has_nothing(call).await? {
        return Ok(Reply::text(NOTHING));
    }
    let name = server_name(call).await?;
    let id = CustomId { guild: call.guild(), action: Action::DeleteGuild };
    let field = CreateInputText::new(InputTextStyle::Short, "Type the name of this server", NAME)
        .placeholder(text::shorten(&name, PLACEHOLDER_MAX))
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
    if form.field(NAME).trim() != name.trim() {
        return Err(CommandError::OtherName(text::escape(&name)));
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

/// Whether nothing at all is kept of this guild. Asks only what is known at once.
async fn has_nothing(call: Call<'_>) -> Result<bool, CommandError> {
    match call.store().await {
        Ok(Some(_)) | Err(CommandError::Quarantined) => Ok(false),
        Ok(None) => Ok(call.app.upkeep.info(call.guild()).await?.summary.backups == 0),
        Err(error) => Err(error),
    }
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
