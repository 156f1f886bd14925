//! Reminders of one channel that are due together share a message; members still see which is which.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Member, Message, Method};

use crate::stage::{HOUR, Stage, assert_private, ids, picture, pinged, reminders};

const MESSAGES: &str = "/channels/{channel_id}/messages";

/// A guild of Anna and Ben, whose owner has posted two events in `general`; Anna comes to the first.
struct Two {
    stage: Stage,
    guild: Guild,
    general: Channel,
    anna: Member,
    ben: Member,
}

impl Two {
    async fn posted() -> Self {
        let (stage, guild) = Stage::set().await;
        let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
        let (owner, general) = (guild.owner(), guild.channel("general"));
        for title in ["Match on Friday", "Training"] {
            let event = stage.create(&owner, &general, title).await;
            owner.presses(&event, "Coming").await.unwrap();
            if title == "Match on Friday" {
                anna.presses(&event, "Coming").await.unwrap();
            }
        }
        Self { stage, guild, general, anna, ben }
    }

    /// Lets both fall due at one look of the scheduler.
    fn both_fall_due(&self) {
        // The second was posted a moment after the first.
        self.stage.pass(HOUR + TimeDelta::minutes(1));
    }

    async fn until_sent(&self) {
        self.stage.until("both are marked", || self.stage.log_rows(&self.guild) == ["sent", "sent"]).await;
    }

    fn only_message(&self) -> Message {
        let [message] = reminders(&self.general).try_into().expect("they share a message");
        message
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_events_that_are_due_together_are_one_message_with_a_button_for_each() {
    let two = Two::posted().await;
    two.both_fall_due();
    two.until_sent().await;
    let message = two.only_message();
    assert_eq!(pinged(&two.general), ids(&[&two.anna, &two.ben]), "nobody is pinged twice");
    let picture_of = picture(&message).replace("@Ben @Anna", "@Anna @Ben");
    insta::assert_snapshot!(picture_of, @"
    ⏰ **[Match on Friday](https://discord.com/channels/#/#/#)**
    2 of 3 answered, 1 missing. Next <t:R>.

    @Ben

    ⏰ **[Training](https://discord.com/channels/#/#/#)**
    1 of 3 answered, 2 missing. Next <t:R>.

    @Anna @Ben
    [Who is missing? Match on Friday] [Who is missing? Training]
    ");
    for (button, missing) in
        [("Who is missing? Match on Friday", "@Ben"), ("Who is missing? Training", "@Anna")]
    {
        let reply = two.ben.presses(&message, button).await.unwrap();
        assert_private(&reply);
        assert!(picture(&reply).contains(missing), "{}", picture(&reply));
    }
    two.stage.discord.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_message_whose_answer_was_lost_is_not_sent_again() {
    for minutes in [0, 20] {
        let two = Two::posted().await;
        two.stage.discord.faults().on(Method::POST, MESSAGES).drop_after();
        two.both_fall_due();
        two.stage.until("its answer is lost", || two.stage.log().says("waits for its next attempt")).await;
        let message = two.only_message();
        two.stage.pass(TimeDelta::minutes(minutes) + TimeDelta::seconds(10));
        two.until_sent().await;
        assert_eq!(two.only_message().id(), message.id(), "it was found after {minutes} minutes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_message_that_waited_names_those_still_missing_in_each_event() {
    let two = Two::posted().await;
    two.stage.discord.faults().on(Method::POST, MESSAGES).always().status(503);
    two.both_fall_due();
    two.stage.until("it waits", || two.stage.log().says("waits for its next attempt")).await;
    let event = two
        .general
        .messages()
        .into_iter()
        .find(|message| message.text().contains("Match") || picture(message).contains("Match on Friday"));
    two.ben.presses(&event.expect("it is there"), "Not coming").await.unwrap();
    two.stage.discord.faults().clear();
    two.stage.pass(TimeDelta::minutes(20));
    let rows = || two.stage.log_rows(&two.guild);
    two.stage.until("one of them is left", || rows() == ["skipped", "sent"]).await;
    assert_eq!(pinged(&two.general), ids(&[&two.anna, &two.ben]));
    let text = two.only_message().text();
    assert!(text.contains("Training") && !text.contains("Match") && text.contains("(late)"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_start_the_events_of_a_channel_are_read_together() {
    let mut two = Two::posted().await;
    let training = two.general.last_message().unwrap();
    two.stage.stop().await.unwrap();
    two.ben.reacts(&training, "✅");
    let one_by_one = |two: &Two| {
        let route = "/channels/{channel_id}/messages/{message_id}";
        two.stage.discord.requests_to(&Method::GET, route).len()
    };
    let before = one_by_one(&two);
    two.stage.start().await;
    two.stage.until("Ben's answer is known", || two.stage.has_answered(&two.guild, &two.ben)).await;
    assert_eq!(one_by_one(&two), before, "they stand next to each other");
}
