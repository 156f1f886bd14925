//! Naming the message to watch: links of every host, ids, and what is no message here.

use discord_emulator::Message;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_every_client_lead_to_the_same_message() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    let link = message.link();
    let path = link.strip_prefix("https://discord.com/").unwrap();
    let links = [
        format!("https://discord.com/{path}"),
        format!("https://discordapp.com/{path}"),
        format!("https://ptb.discord.com/{path}"),
        format!("https://canary.discord.com/{path}"),
        format!("https://ptb.discordapp.com/{path}"),
        format!("https://canary.discordapp.com/{path}"),
        format!("http://www.discord.com/{path}/"),
        format!("<https://discord.com/{path}>"),
        format!("  https://Discord.com/{path}?x=1 "),
        format!("discord://-/{path}"),
        message.id().to_string(),
    ];
    for (number, link) in links.iter().enumerate() {
        let told = stage.told(&owner, &general, "/event watch", &[("message", link)]).await;
        let said = if number == 0 { "I am watching" } else { "I go on watching" };
        assert!(told.starts_with(&format!("{said} **[Who comes?]")), "{link}: {told}");
    }
    assert_eq!(stage.live_titles(&guild), ["Who comes?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_means_a_message_of_this_channel_and_a_link_one_of_any() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&guild.add_channel("side"), "Who comes?");
    let id = message.id().to_string();
    let told = stage.told(&owner, &general, "/event watch", &[("message", &id)]).await;
    assert!(told.starts_with("There is no such message in #general."), "{told}");
    let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.starts_with("I am watching"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_of_this_server_is_refused_in_a_sentence() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let other = stage.discord.add_guild("Go club");
    let elsewhere = other.owner().says(&other.channel("general"), "A secret");
    let direct = owner.says(&owner.dm(), "Hello");
    let gone = owner.says(&general, "Never mind");
    gone.delete();
    let mut told = Vec::new();
    // A link that claims to lead into this guild, with a channel of another.
    let smuggled = elsewhere.link().replace(&other.id().to_string(), &guild.id().to_string());
    for message in [
        "tomorrow",
        "https://example.com/channels/1/2/3",
        "https://discord.com.evil.example/channels/1/2/3",
        &elsewhere.link(),
        &smuggled,
        &direct.link(),
        &gone.link(),
        &format!("https://discord.com/channels/{}/99/5", guild.id()),
        &format!("https://discord.com/channels/{}/{}/5", guild.id(), guild.add_forum("ideas").id()),
    ] {
        told.push(stage.told(&owner, &general, "/event watch", &[("message", message)]).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    That is not a message. Right-click the message, choose "Copy Message Link", and paste the link here.
    That is not a message. Right-click the message, choose "Copy Message Link", and paste the link here.
    That is not a message. Right-click the message, choose "Copy Message Link", and paste the link here.
    That link leads to another server. I can only watch messages of this one.
    I cannot see #general. If it is a channel of this server, give me **View Channel**, **Read Message History**, **Send Messages** and **Add Reactions** there, then try again.
    That link leads to a direct message. I can only watch messages of this server.
    There is no such message in #general. Perhaps it was deleted; copy its link again, or watch another one.
    I cannot see <#99>. If it is a channel of this server, give me **View Channel**, **Read Message History**, **Send Messages** and **Add Reactions** there, then try again.
    #ideas holds no messages of its own. Choose a text channel or a thread.
    "#);
    assert!(!stage.guild_dir(&guild).exists(), "a refusal made a database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_the_bot_itself_is_watched_as_any_other() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Board games").await;
    let told =
        stage.told(&owner, &general, "/event watch", &[("message", &event.link()), ("interval", "2h")]).await;
    assert!(told.starts_with("I go on watching **[Board games]") && told.contains("every 2 hours"), "{told}");
    let message: &Message = &event;
    assert!(message.reactions().is_empty(), "what has buttons needs no reactions");
}
