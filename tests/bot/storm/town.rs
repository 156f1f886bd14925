//! Where the storm comes down: guilds with channels, members and events, and the data directory of the program.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use discord_emulator::{Channel, Emulator, Guild, Member, Message};
use tempfile::TempDir;

use super::ledger::Ledger;
use crate::stage::{Program, change};

/// How much the program may ask of Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limits {
    /// As much as it likes: many guilds are brought up to date soon after each start.
    Lifted,
    /// What Discord allows, and the program keeps to it.
    Kept,
}

const EVENTS_EACH: usize = 6;
/// The intervals of the events, in seconds.
pub(super) const INTERVALS: [u64; 5] = [1, 2, 3, 4, 5];
/// In the first guild a reminder needs three messages.
const CROWD: usize = 190;

/// Everything that outlives the program.
pub(super) struct Town {
    pub(super) discord: Emulator,
    pub(super) villages: Vec<Arc<Village>>,
    data: TempDir,
    limits: Limits,
}

/// A guild.
pub(super) struct Village {
    pub(super) guild: Guild,
    pub(super) channels: Vec<Channel>,
    /// Members who react and take it back.
    pub(super) movers: Vec<Member>,
    /// Members who press buttons.
    pub(super) pressers: Vec<Member>,
    /// The messages of the events that members know of.
    pub(super) events: Mutex<Vec<Message>>,
    pub(super) ledger: Ledger,
    /// Reminders that were asked for and promised: the event's message, and when between.
    pub(super) promised: Mutex<Vec<(u64, i64, i64)>>,
    /// The titles of events that were confirmed.
    pub(super) confirmed: Mutex<Vec<String>>,
}

impl Town {
    /// Guilds with events that are all due for the first time at the same instant; the program does not run.
    pub(super) async fn founded(guilds: usize, limits: Limits) -> Self {
        let builder = Emulator::builder().identify_interval(Duration::ZERO);
        let builder = builder.rate_limits(limits == Limits::Kept).session_starts(1_000_000);
        let discord = builder.start().await.unwrap();
        let villages = (0..guilds).map(|number| Arc::new(Village::new(&discord, number, guilds))).collect();
        let town = Self { discord, villages, data: tempfile::tempdir().unwrap(), limits };
        let program = town.program(false);
        town.discord.wait_for_command("event").await;
        town.discord.gateway().wait_until_ready().await;
        let mut number = 0;
        for village in &town.villages {
            for place in 0..EVENTS_EACH {
                let seconds = INTERVALS[number % INTERVALS.len()];
                let channel = &village.channels[place % village.channels.len()];
                village.post(channel, &format!("Match {number} every {seconds}s"), "1h").await.unwrap();
                number += 1;
            }
        }
        program.terminate();
        let (status, log) = tokio::task::block_in_place(|| program.ended());
        assert_eq!(status.code(), Some(0), "{log}");
        town.make_all_due_together();
        town
    }

    pub(super) fn data(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// Leaves the data directory behind for whoever looks for a cause, and says where it is.
    pub(super) fn keep(self) -> PathBuf {
        self.data.keep()
    }

    pub(super) fn store(&self, village: &Village) -> PathBuf {
        self.data().join("guilds").join(village.guild.id().to_string()).join("guild.db")
    }

    /// Starts the program; a wary one does not trust nonces for long.
    pub(super) fn program(&self, is_wary: bool) -> Program {
        let window = if is_wary { "2s" } else { "120s" };
        let limiter = if self.limits == Limits::Kept { "true" } else { "false" };
        let settings = [("MUSTER__REMINDERS__NONCE_WINDOW", window), ("MUSTER__DISCORD__LIMITER", limiter)];
        Program::start(&self.discord, self.data.path(), &settings)
    }

    /// The moment that it is, in Unix milliseconds: the emulator's clock is the system's.
    pub(super) fn now(&self) -> i64 {
        now(&self.discord)
    }

    /// Gives each event the interval that its title names and the same first instant.
    fn make_all_due_together(&self) {
        let first = ((self.now() + 1_500) / 1_000 * 1_000).to_string();
        for village in &self.villages {
            for seconds in INTERVALS {
                let title = format!("%every {seconds}s");
                let ms = (seconds * 1_000).to_string();
                change(
                    &self.store(village),
                    "UPDATE events SET interval_ms = CAST($1 AS INTEGER), next_due_at = CAST($2 AS INTEGER),
                                       grid_at = CAST($2 AS INTEGER)
                     WHERE title LIKE $3",
                    &[&ms, &first, &title],
                );
            }
        }
        self.put_into_index(&first);
    }

    /// Ends the waits of what failed before, which may be minutes by now; the program does not run.
    pub(super) fn end_waits(&self) {
        let now = self.now().to_string();
        for village in &self.villages {
            let end =
                "UPDATE reminder_log SET next_attempt_at = CAST($1 AS INTEGER) WHERE status = 'pending'";
            change(&self.store(village), end, &[&now]);
        }
        self.put_into_index(&now);
    }

    /// Lets the program log in as if it had not yet today; it does not run.
    pub(super) fn renew_logins(&self) {
        change(&self.system_store(), "DELETE FROM key_values WHERE key = 'recent_logins'", &[]);
    }

    /// The index may be early, never late.
    fn put_into_index(&self, due: &str) {
        let index = "UPDATE guilds SET next_due_at = CAST($1 AS INTEGER)";
        change(&self.system_store(), index, &[due]);
    }

    fn system_store(&self) -> PathBuf {
        self.data().join("system.db")
    }
}

pub(super) fn now(discord: &Emulator) -> i64 {
    i64::try_from(discord.now().as_millis()).expect("it is not so late yet")
}

impl Village {
    fn new(discord: &Emulator, number: usize, of: usize) -> Self {
        let guild = discord.add_guild(&format!("Village {number}"));
        let some = |count: usize, what: &str| -> Vec<Member> {
            (0..count).map(|n| guild.add_member(&format!("{what} {n}"))).collect()
        };
        let (movers, pressers) = (some(5, "Mover"), some(4, "Presser"));
        // They never answer. In the last guild everybody but its owner may have answered.
        some(if number == 0 { CROWD } else { (of - 1 - number).min(3) }, "Silent");
        let channels = vec![guild.channel("general"), guild.add_channel("matches")];
        Self {
            guild,
            channels,
            movers,
            pressers,
            events: Mutex::default(),
            ledger: Ledger::default(),
            promised: Mutex::default(),
            confirmed: Mutex::default(),
        }
    }

    /// Has the program post an event; its message, if the program confirms it.
    pub(super) async fn post(&self, channel: &Channel, title: &str, interval: &str) -> Option<Message> {
        let create = self.guild.owner().runs(channel, "/event create").option("title", title);
        let reply = create.option("interval", interval).send().await.ok()?;
        if !reply.text().contains("is posted in") {
            return None;
        }
        self.confirmed.lock().unwrap().push(title.to_owned());
        let messages = channel.messages().into_iter();
        let message = messages.rev().find(|message| message.is_by_bot() && asks(message, title))?;
        self.events.lock().unwrap().push(message.clone());
        Some(message)
    }

    /// The messages of all events, those that nobody confirmed among them.
    pub(super) fn posted(&self) -> Vec<Message> {
        let messages = self.channels.iter().flat_map(Channel::messages);
        messages.filter(|message| message.is_by_bot() && asks(message, "")).collect()
    }
}

fn asks(message: &Message, title: &str) -> bool {
    let has_choices = || {
        let ids = message.buttons().into_iter().filter_map(|button| button.custom_id);
        ids.into_iter().any(|id| id.contains(".answer."))
    };
    message.text().contains(title) && has_choices()
}
