use super::*;

const GUILD: Snowflake = Snowflake::new(1);
const ANNA: Snowflake = Snowflake::new(2);
const TEAM: Snowflake = Snowflake::new(3);
const QUIET: Snowflake = Snowflake::new(4);

fn anna() -> Holder {
    Holder {
        guild: GUILD,
        user: ANNA,
        is_owner: false,
        is_timed_out: false,
        everyone: Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES | Permissions::EMBED_LINKS,
        roles: Vec::new(),
    }
}

fn role(id: Snowflake, allow: Permissions, deny: Permissions) -> Overwrite {
    Overwrite { target: OverwriteTarget::Role(id), allow, deny }
}

fn member(allow: Permissions, deny: Permissions) -> Overwrite {
    Overwrite { target: OverwriteTarget::Member(ANNA), allow, deny }
}

const NONE: Permissions = Permissions::NONE;
const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;

#[test]
fn roles_add_up() {
    let mut holder = anna();
    holder.roles = vec![(TEAM, Permissions::MANAGE_EVENTS), (QUIET, Permissions::CREATE_EVENTS)];
    let wanted = Permissions::MANAGE_EVENTS | Permissions::CREATE_EVENTS | SEND;
    assert!(in_guild(&holder).contains(wanted));
}

#[test]
fn owners_and_administrators_stand_above_channels() {
    let shut = [role(GUILD, NONE, VIEW), member(NONE, SEND)];
    let mut owner = anna();
    owner.is_owner = true;
    assert_eq!(in_channel(&owner, &shut, Place::Text), Permissions::ALL);
    let mut administrator = anna();
    administrator.roles = vec![(TEAM, Permissions::ADMINISTRATOR)];
    administrator.is_timed_out = true;
    assert_eq!(in_channel(&administrator, &shut, Place::Text), Permissions::ALL);
}

#[test]
fn a_role_wins_over_everyone_and_the_member_over_roles() {
    let mut holder = anna();
    holder.roles = vec![(TEAM, NONE), (QUIET, NONE)];
    let everyone = role(GUILD, NONE, SEND);
    let team = role(TEAM, SEND, NONE);
    let quiet = role(QUIET, NONE, SEND);
    let may_send = |overwrites: &[Overwrite]| in_channel(&holder, overwrites, Place::Text).contains(SEND);
    assert!(!may_send(&[everyone]));
    assert!(may_send(&[team, everyone]), "the order in the list means nothing");
    assert!(may_send(&[quiet, team]), "one role that grants outweighs one that denies");
    assert!(!may_send(&[team, quiet, member(NONE, SEND)]));
    assert!(may_send(&[everyone, quiet, member(SEND, NONE)]));
}

#[test]
fn a_role_that_one_does_not_have_changes_nothing() {
    let overwrites = [role(TEAM, NONE, VIEW)];
    assert!(in_channel(&anna(), &overwrites, Place::Text).contains(VIEW));
}

#[test]
fn who_may_not_see_a_channel_may_do_nothing_there() {
    let overwrites = [role(GUILD, Permissions::MANAGE_MESSAGES, VIEW)];
    assert_eq!(in_channel(&anna(), &overwrites, Place::Text), NONE);
}

#[test]
fn who_may_not_send_may_not_embed_or_mention_everyone_either() {
    let overwrites = [role(GUILD, Permissions::MENTION_EVERYONE | Permissions::ADD_REACTIONS, SEND)];
    let granted = in_channel(&anna(), &overwrites, Place::Text);
    assert_eq!(granted, VIEW | Permissions::ADD_REACTIONS);
}

#[test]
fn threads_have_a_permission_to_send_of_their_own() {
    let in_thread = |allow| in_channel(&anna(), &[role(GUILD, allow, NONE)], Place::Thread);
    assert!(!in_thread(NONE).contains(Permissions::EMBED_LINKS));
    assert!(in_thread(Permissions::SEND_MESSAGES_IN_THREADS).contains(Permissions::EMBED_LINKS));
}

#[test]
fn a_voice_channel_that_cannot_be_entered_is_only_seen() {
    let mut holder = anna();
    assert_eq!(in_channel(&holder, &[], Place::Voice), VIEW);
    holder.everyone |= Permissions::CONNECT;
    assert!(in_channel(&holder, &[], Place::Voice).contains(SEND));
}

#[test]
fn a_timed_out_member_may_only_read() {
    let mut holder = anna();
    holder.is_timed_out = true;
    holder.everyone |= Permissions::READ_MESSAGE_HISTORY;
    let reading = VIEW | Permissions::READ_MESSAGE_HISTORY;
    assert_eq!(in_guild(&holder), reading);
    assert_eq!(in_channel(&holder, &[member(Permissions::ADD_REACTIONS, NONE)], Place::Text), reading);
}
