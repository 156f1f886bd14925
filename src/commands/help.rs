//! `/help`: what Muster does, and the first steps.

use super::call::Call;
use super::reply::Reply;
use super::rights;

/// What only those read who manage the server.
const FOR_MANAGERS: &str = "\n\nYou manage this server, so `/database` is for you: it shows what I keep of it, backs it \
    up, hands it to you as a file, or deletes it.";

/// Shows what Muster does, and the first steps.
pub(super) fn run(call: Call<'_>) -> Reply {
    let reminders = &call.app.config.reminders;
    let text = format!(
        "I get answers. You ask something in a message, members answer with a button or a reaction, and at each \
         interval I mention exactly those who have not answered yet, until they have.\n\
         \n\
         **First steps**\n\
         1. `/event create` posts a new event with buttons. For a message that is already there, right-click it and \
         choose *Apps › Watch for answers*, or use `/event watch` with its link.\n\
         2. Members press a button, or react with one of the emoji that count: ✅ ❌ ❓ unless you choose others.\n\
         3. `/event list` shows what runs here, `/event show` who answered what and who is missing.\n\
         \n\
         **Later**\n\
         `/event remind` reminds now, `/event interval` changes how often, `/event pause` and `/event resume` do what \
         they say, `/event history` shows what was sent, `/event unwatch` ends it.\n\
         \n\
         Intervals are written like `90` (minutes), `90m`, `1h30` or `2 days`, from {} to {}; without one it is {}. \
         Starting events needs **Manage Events** or an organiser role. Answering needs nothing.",
        reminders.min_interval, reminders.max_interval, reminders.default_interval
    );
    let text = if rights::may_manage_guild(call.invoker()) { text + FOR_MANAGERS } else { text };
    Reply::page("Muster", &text)
}
