//! Compares what stands in the stores, and what was asked of Discord, with the model.

use std::collections::{BTreeMap, HashMap};

use muster::domain::reminder::{Reminder, Status};
use muster::storage::{GuildContents, Stamped};

use super::courier::{Answer, Request};
use super::model::{Fate, Model};
use super::script::{Club, Script};
use super::world::{World, message};

/// How many reminders there were.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: usize,
    pub(super) late: usize,
    pub(super) skipped: usize,
    pub(super) failed: usize,
    pub(super) pending: usize,
}

/// Checks every event of a script against the model.
pub(super) async fn audit(world: &World, script: &Script) -> Result<Tally, String> {
    let requests = world.courier.requests();
    let mut tally = Tally::default();
    only_one_message_each(&requests)?;
    let mut of_event: HashMap<(u64, i64), Vec<&Request>> = HashMap::new();
    for request in &requests {
        of_event.entry((request.guild.get(), request.event.0)).or_default().push(request);
    }
    let mut wrong = Vec::new();
    for club in &script.guilds {
        let contents = world.contents(club.id).await;
        for event in 0..club.channels.len() {
            let checked = check(script, club, event, &contents, &of_event, &mut tally);
            wrong.extend(checked.err().map(|why| format!("guild {}, event {event}: {why}", club.id)));
        }
    }
    if wrong.is_empty() {
        return Ok(tally);
    }
    let shown = wrong.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    Err(format!("{} events are not as they should be:\n\n{shown}", wrong.len()))
}

fn check(
    script: &Script,
    club: &Club,
    event: usize,
    contents: &GuildContents,
    requests: &HashMap<(u64, i64), Vec<&Request>>,
    tally: &mut Tally,
) -> Result<(), String> {
    let found = contents.events.iter().find(|row| row.row.event.message_id == Some(message(club, event)));
    let id = found.map(|row| row.row.event.id);
    let rows: Vec<_> = contents.reminders.iter().filter(|row| Some(row.row.event_id) == id).collect();
    let asked = id.and_then(|id| requests.get(&(club.id, id.0))).cloned().unwrap_or_default();
    let lived = Model::new(script, club, event, &asked, &rows).live();
    let expected = lived.map_err(|why| format!("{why}\nits acts: {:?}", acts_of(club, event)))?;
    let actual: BTreeMap<i64, Fate> = rows.iter().map(|row| fate(row)).collect();
    for row in &rows {
        match row.row.status {
            Status::Sent => tally.sent += 1,
            Status::Skipped => tally.skipped += 1,
            Status::Failed => tally.failed += 1,
            Status::Pending => tally.pending += 1,
        }
        tally.late += usize::from(row.row.status == Status::Sent && row.row.is_late());
    }
    let differ = |at: &&i64| expected.get(at) != actual.get(at);
    match expected.keys().chain(actual.keys()).find(differ) {
        None => Ok(()),
        Some(at) => Err(format!(
            "what was due at {at} should be {:?} and is {:?}\nits requests: {:#?}",
            expected.get(at),
            actual.get(at),
            asked.iter().filter(|request| request.scheduled_ms == *at).collect::<Vec<_>>(),
        )),
    }
}

fn fate(row: &Stamped<Reminder>) -> (i64, Fate) {
    let Reminder { scheduled_at, status, sent_at, notified, .. } = &row.row;
    let sent_at = sent_at.map(|at| at.timestamp_millis());
    (scheduled_at.timestamp_millis(), Fate { status: *status, sent_at, notified: *notified })
}

fn acts_of(club: &Club, event: usize) -> Vec<String> {
    let name = format!("({event}");
    let acts = club.acts.iter().map(|act| format!("{}: {:?}", act.at, act.what));
    acts.filter(|act| act.contains(&name) || act.contains("Join") || act.contains("Leave")).collect()
}

/// However often it was tried, there is one message of each part of a reminder.
pub(super) fn only_one_message_each(requests: &[Request]) -> Result<(), String> {
    let mut made = HashMap::new();
    for request in requests {
        if matches!(request.answer, Answer::Taken(true) | Answer::Unheard(true)) {
            let of = (request.guild, request.event, request.scheduled_ms, request.part);
            if let Some(earlier) = made.insert(of, request) {
                return Err(format!("there are two messages: {earlier:?} and {request:?}"));
            }
        }
    }
    Ok(())
}
