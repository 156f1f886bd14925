//! What `/event watch` makes of what it does not hear: titles without texts, refusals without reasons, changes missed.

use discord_emulator::{Emulator, Intents, Member, Method, Permissions};
use serde_json::json;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_text_is_called_after_its_author_and_channel_and_harmlessly() {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(Intents::GUILD_MEMBERS)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let general = guild.channel("general");
    let author: Member = guild.add_member("*@everyone* [x](y)");
    let message = author.says(&general, "Hidden");
    let told = stage.told(&guild.owner(), &general, "/event watch", &[("message", &message.link())]).await;
    assert_eq!(stage.live_titles(&guild), ["Message of *@everyone* [x](y) in #general"]);
    assert!(told.contains(r"\*@") && told.contains(r"\[x\]\(y\) in #general"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_message_can_be_given_a_title_at_once_or_later() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    let link = message.link();
    stage.told(&owner, &general, "/event watch", &[("message", &link), ("title", "Match")]).await;
    assert_eq!(stage.live_titles(&guild), ["Match"]);
    let told = stage.told(&owner, &general, "/event watch", &[("message", &link), ("title", "Final")]).await;
    assert!(told.contains("**[Final]("), "{told}");
    stage.told(&owner, &general, "/event watch", &[("message", &link)]).await;
    assert_eq!(stage.live_titles(&guild), ["Final"]);
    let told =
        stage.told(&owner, &general, "/event watch", &[("message", &link), ("title", " \u{200B}")]).await;
    assert!(told.starts_with("The title is empty."), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_reaction_names_what_is_missing_and_nothing_else() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    let reacting =
        || stage.discord.faults().on(Method::PUT, "/channels/{id}/messages/{id}/reactions/{emoji}/@me");
    reacting().times(1).error(403, 50_013, "Missing Permissions");
    let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert!(
        told.starts_with("Discord does not let me do that in #general") && !told.contains("**"),
        "{told}"
    );
    let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.starts_with("I am watching"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_was_given_unheard_of_is_looked_for_before_a_refusal() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    let link = message.link();
    let options = [("message", link.as_str())];
    let watch = || stage.told(&owner, &general, "/event watch", &options);
    general.deny_bot(Permissions::SEND_MESSAGES);
    assert!(watch().await.contains("**Send Messages**"));
    // The permission comes back while the bot hears nothing.
    stage.discord.gateway().go_silent();
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.discord.gateway().come_back();
    assert!(watch().await.starts_with("I am watching"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_channel_that_cannot_be_read_is_looked_up() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let first = owner.says(&general, "Who comes?");
    stage.told(&owner, &general, "/event watch", &[("message", &first.link())]).await;
    let reads = || stage.discord.requests_to(&Method::GET, &format!("/channels/{}", general.id())).len();
    let before = reads();
    let odd = json!({ "id": { "of": "the future" }, "guild_id": guild.id(), "type": 0 });
    stage.discord.dispatch_raw("CHANNEL_UPDATE", odd);
    stage.until("it is noticed", || stage.log().says("cannot read")).await;
    let second = owner.says(&general, "And on Saturday?");
    stage.told(&owner, &general, "/event watch", &[("message", &second.link())]).await;
    assert!(reads() > before, "it went on with what it knew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_a_role_that_does_not_exist_is_refused() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let role = guild.add_role("players", Permissions::NONE);
    let id = role.id().to_string();
    role.delete();
    let member = json!({
        "user": { "id": owner.id(), "username": "owner", "discriminator": "0", "avatar": null },
        "roles": [], "joined_at": "2026-01-01T00:00:00Z", "deaf": false, "mute": false, "flags": 0,
        "permissions": "8",
    });
    let options = json!([
        { "name": "title", "type": 3, "value": "Match" },
        { "name": "role", "type": 8, "value": id },
    ]);
    let injected = stage.discord.inject_interaction(json!({
        "type": 2, "version": 1, "guild_id": guild.id(), "channel_id": general.id(), "member": member,
        "locale": "en-GB", "entitlements": [], "authorizing_integration_owners": {}, "attachment_size_limit": 1,
        "data": { "id": "1", "name": "event", "type": 1,
            "options": [{ "name": "create", "type": 1, "options": options }] },
    }));
    let told = injected.answer().await.unwrap().text();
    assert!(told.starts_with("I know no such role in this server."), "{told}");
    assert!(general.messages().iter().all(|message| !message.is_by_bot()));
}
