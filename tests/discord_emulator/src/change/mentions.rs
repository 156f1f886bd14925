//! Whom a text mentions, after `allowed_mentions` and permissions had their say.

use serde_json::Value;

use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, Mentioned, World};

/// Of one kind of mention: all that the text contains, or only some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Allow {
    All,
    Only(Vec<Snowflake>),
}

impl Allow {
    fn permits(&self, id: Snowflake) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

/// `allowed_mentions` (<https://discord.com/developers/docs/resources/message#allowed-mentions-object>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedMentions {
    pub(crate) users: Allow,
    pub(crate) roles: Allow,
    pub(crate) everyone: bool,
    pub(crate) replied_user: bool,
}

impl AllowedMentions {
    /// What counts where nothing was said: everything.
    pub(crate) fn everything() -> Self {
        Self { users: Allow::All, roles: Allow::All, everyone: true, replied_user: true }
    }

    /// Reads the field of a message; absent and `null` allow everything, an empty object nothing.
    pub(crate) fn read(value: &Value) -> Self {
        let Some(fields) = value.as_object() else { return Self::everything() };
        let parsed = |kind: &str| {
            let kinds = fields.get("parse").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|one| one == kind))
        };
        let allow = |kind: &str| {
            let listed = fields.get(kind).and_then(Value::as_array);
            let ids = listed.into_iter().flatten().filter_map(|id| Snowflake::parse(id.as_str()?)).collect();
            if parsed(kind) { Allow::All } else { Allow::Only(ids) }
        };
        Self {
            users: allow("users"),
            roles: allow("roles"),
            everyone: parsed("everyone"),
            replied_user: fields.get("replied_user").and_then(Value::as_bool).unwrap_or(false),
        }
    }
}

/// What stands in a text, whether it counts or not.
fn written(text: &str) -> Mentioned {
    let text = without_code(text);
    let mut found =
        Mentioned { everyone: text.contains("@everyone") || text.contains("@here"), ..Mentioned::default() };
    for part in text.split('<').skip(1) {
        let Some((inside, _)) = part.split_once('>') else { continue };
        let (list, id) = if let Some(role) = inside.strip_prefix("@&") {
            (&mut found.roles, Snowflake::parse(role))
        } else if let Some(user) = inside.strip_prefix("@!").or_else(|| inside.strip_prefix('@')) {
            (&mut found.users, Snowflake::parse(user))
        } else {
            continue;
        };
        if let Some(id) = id.filter(|id| !list.contains(id)) {
            list.push(id);
        }
    }
    found
}

/// The text outside code blocks and code spans, where nothing is a mention.
fn without_code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        kept.push_str(before);
        let fence = 1 + after.len() - after.trim_start_matches('`').len();
        let fence = "`".repeat(fence);
        let after = after.trim_start_matches('`');
        match after.split_once(&fence) {
            Some((_, behind)) => {
                kept.push(' ');
                rest = behind;
            }
            None => rest = after,
        }
    }
    kept.push_str(rest);
    kept
}

impl World {
    /// Whom `author` mentions in `channel` with this text; `replied_to` is the author of the message replied to.
    pub(crate) fn mentioned(
        &self,
        channel: Snowflake,
        author: Snowflake,
        text: &str,
        allowed: &AllowedMentions,
        replied_to: Option<Snowflake>,
    ) -> Mentioned {
        let found = written(text);
        let permissions = self.permissions_in(channel, author);
        let guild = self.guild_of(channel).and_then(|guild| self.guilds.get(&guild));
        let may_mention_all = permissions.contains(Permissions::MENTION_EVERYONE);
        let is_role_pingable = |id: Snowflake| {
            let role = guild.and_then(|guild| guild.roles.get(&id).filter(|_| id != guild.id));
            role.is_some_and(|role| role.is_mentionable || may_mention_all)
        };
        let mut users: Vec<Snowflake> = found
            .users
            .into_iter()
            .filter(|id| allowed.users.permits(*id) && self.users.contains_key(id))
            .filter(|id| guild.is_some() || self.takes_part(channel, *id))
            .collect();
        if let Some(replied_to) = replied_to.filter(|id| allowed.replied_user && !users.contains(id)) {
            users.push(replied_to);
        }
        Mentioned {
            users,
            roles: found
                .roles
                .into_iter()
                .filter(|id| allowed.roles.permits(*id) && is_role_pingable(*id))
                .collect(),
            everyone: found.everyone && allowed.everyone && may_mention_all && guild.is_some(),
        }
    }

    fn takes_part(&self, channel: Snowflake, user: Snowflake) -> bool {
        let direct = self.channels.get(&channel).filter(|channel| channel.kind == ChannelKind::Direct);
        direct.is_some_and(|channel| user == self.bot_id() || channel.recipients.contains(&user))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(ids: &[u64]) -> Vec<Snowflake> {
        ids.iter().map(|id| Snowflake::new(*id)).collect()
    }

    #[test]
    fn mentions_are_found_once_and_not_in_code() {
        let found = written("<@1> <@!2> <@1> <@&3> `<@4>` ```\n<@5>``` ``a ` <@6>`` <@7");
        assert_eq!(found, Mentioned { users: ids(&[1, 2]), roles: ids(&[3]), everyone: false });
        assert!(written("hello @here").everyone);
        assert!(!written("`@everyone`").everyone);
        assert!(written("a lonely ` and @everyone").everyone);
    }

    #[test]
    fn an_absent_field_allows_everything_and_an_empty_one_nothing() {
        assert_eq!(AllowedMentions::read(&Value::Null), AllowedMentions::everything());
        let nothing = AllowedMentions::read(&json!({ "parse": [] }));
        assert_eq!(nothing.users, Allow::Only(Vec::new()));
        assert!(!nothing.everyone && !nothing.replied_user);
        let some = AllowedMentions::read(&json!({ "parse": ["roles"], "users": ["7"] }));
        assert_eq!((some.users, some.roles), (Allow::Only(ids(&[7])), Allow::All));
    }
}
