//! Titles and descriptions that want to ping, mislead or break: each reply shows them as they were typed, and inert.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Message};

use crate::stage::{Stage, assert_private, picture};

/// Titles as somebody with bad intentions types them; each at most 100 characters.
fn hostile(guild: &Guild) -> Vec<String> {
    let role = guild.add_role("players", discord_emulator::Permissions::NONE).mentionable();
    let victim = guild.add_member("Victim");
    vec![
        format!("@everyone @here {} {}", role.mention(), victim.mention()),
        "[Free nitro](https://evil.example) <https://evil.example>".into(),
        "[x](https://evil.example \"t\")](https://evil.example)".into(),
        "**bold** __under__ ~~gone~~ ||spoiler|| `code` ```block``` \\*".into(),
        "# Heading".into(),
        "> quote".into(),
        "- item".into(),
        "1. first".into(),
        "<t:0:R> <#1> </event create:1> <:x:1> <id:customize>".into(),
        "\u{202E}gnp.exe\u{202C}\u{200B}\u{0007}\n\nsecond line".into(),
        "@*".repeat(50),
        "`".repeat(100),
        "👩‍👩‍👧‍👦".repeat(9),
        "https://evil.example/?q=@everyone".into(),
    ]
}

/// Every command that shows a title, with the answers joined.
async fn all_replies(stage: &Stage, channel: &Channel, event: &Message) -> String {
    let owner = channel.guild().unwrap().owner();
    let link = event.link();
    let mut told = Vec::new();
    for (command, more) in [
        ("list", None),
        ("show", None),
        ("interval", Some(("interval", "2h"))),
        ("remind", None),
        ("history", None),
        ("pause", None),
        ("resume", None),
        ("unwatch", None),
        ("pause", None),
    ] {
        let event = (command != "list").then_some(("event", link.as_str()));
        let options: Vec<_> = event.into_iter().chain(more).collect();
        told.push(stage.told(&owner, channel, &format!("/event {command}"), &options).await);
    }
    let watch = [("message", link.as_str())];
    told.push(stage.told(&owner, channel, "/event watch", &watch).await);
    told.join("\n")
}

/// Nothing in the text is a mention, a masked link but the bot's own, or a heading.
fn assert_inert(text: &str, title: &str) {
    let own = text.replace("](https://discord.com/channels/", "");
    for bait in ["@everyone", "@here", "](https", "\n# ", "\n- ", "\u{202E}", "\u{0007}", "<id:customize>"] {
        assert!(!own.contains(bait), "{title:?} leaves {bait:?} in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_title_is_inert_in_every_reply_and_message() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    for title in hostile(&guild) {
        let event = stage.create(&owner, &general, &title).await;
        let pressed = owner.presses(&event, "Maybe").await.unwrap();
        assert_private(&pressed);
        assert_inert(&all_replies(&stage, &general, &event).await, &title);
        stage.told(&owner, &general, "/event unwatch", &[("event", &event.link())]).await;
    }
    stage.until("the reminders are sent", || !stage.log_rows(&guild).contains(&"pending".into())).await;
    for message in general.messages() {
        assert!(!message.pings_everyone() && message.role_pings().is_empty(), "{message:?}");
        assert_inert(&message.text(), "a message");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_message_that_is_watched_makes_an_inert_title() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    for text in hostile(&guild) {
        let message = owner.says(&general, &text);
        let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
        assert!(told.starts_with("I am watching"), "{text:?}: {told}");
        assert_inert(&told, &text);
        assert_inert(&all_replies(&stage, &general, &message).await, &text);
        stage.told(&owner, &general, "/event unwatch", &[("event", &message.link())]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_titles_read_as_they_were_typed() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    for title in hostile(&guild) {
        stage.run(&owner, &general, "/event create", &[("title", &title)]).await;
    }
    let mut shown = Vec::new();
    for message in general.messages() {
        shown.push(picture(&message).lines().next().unwrap_or_default().to_owned());
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    @▯everyone @▯here \<@▯&#\> \<@▯#\>
    \[Free nitro\]\(https:▯//evil.example\) \<https:▯//evil.example\>
    \[x\]\(https:▯//evil.example "t"\)\]\(https:▯//evil.example\)
    \*\*bold\*\* \_\_under\_\_ \~\~gone\~\~ \|\|spoiler\|\| \`code\` \`\`\`block\`\`\` \\\*
    \# Heading
    \> quote
    \- item
    1. first
    \<t:0:R\> \<#1\> \</event create:1\> \<:x:1\> \<id:customize\>
    gnp.exe second line
    @▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*@▯\*
    \`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`\`
    👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦
    https:▯//evil.example/?q=@▯everyone
    "#);
    let seen = owner.completes(&general, "/event show").option("event", "").await.unwrap();
    assert_eq!(seen.len(), shown.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_description_is_inert_and_keeps_its_lines() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let description = "@everyone\n# Free nitro\n[here](https://evil.example)\n\u{202E}drow\n||x||";
    let options = [("title", "Match"), ("description", description)];
    stage.told(&owner, &general, "/event create", &options).await;
    let event = general.wait_for_message(Message::is_by_bot).await;
    event.wait_until(|event| event.text().contains("of **1**")).await;
    insta::assert_snapshot!(picture(&event), @r"
    Match
    @▯everyone
    \# Free nitro
    \[here\]\(https:▯//evil.example\)
    drow
    \|\|x\|\|

    **0** of **1** answered, **1** missing
    Reminds every hour.
    ✅ Coming (0)
    –
    ❌ Not coming (0)
    –
    ❓ Maybe (0)
    –
    [✅ Coming] [❌ Not coming] [❓ Maybe]
    ");
    assert!(!event.pings_everyone() && event.notified().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_of_everything_fits_into_discords_limits() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let crowd: Vec<_> = (0..120).map(|number| guild.add_member(&format!("Member {number}"))).collect();
    let (title, description) = ("@*".repeat(50), "*".repeat(2_000));
    let options = [("title", title.as_str()), ("description", description.as_str())];
    stage.told(&owner, &general, "/event create", &options).await;
    let event = general.wait_for_message(Message::is_by_bot).await;
    for member in &crowd {
        member.presses(&event, "Coming").await.unwrap();
    }
    event.wait_until(|event| event.text().contains("Coming (120)")).await;
    let more = [("message", event.link())];
    let more = [
        (more[0].0, more[0].1.as_str()),
        ("reactions", "🍇 🍉 🍏 🍎 🍐 🍊 🍋 🍌 🍍 🥭 🍒 🍓 🥝 🍅 🥥 🥑 🍆 🥔 🥕 ✅"),
    ];
    stage.told(&owner, &general, "/event watch", &more).await;
    event.wait_until(|event| event.buttons().len() == 20).await;
    stage.pass(TimeDelta::hours(1));
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
}
