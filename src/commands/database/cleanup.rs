//! `/database cleanup`: old reminders out of the log.

use serenity_commands::SubCommand;

use super::count;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;

/// For how many days reminders stay in the log where nobody says otherwise.
const DAYS: u32 = 90;
/// Ten years.
const DAYS_MAX: u32 = 3_650;

/// The options of `/database cleanup`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Cleanup {
    /// Remove reminders older than so many days; 90 unless you choose otherwise.
    #[command(builder(min_int_value(1), max_int_value(3_650)))]
    days: Option<u32>,
}

impl Cleanup {
    /// Removes the rows of reminders that ended so long ago.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let days = self.days.unwrap_or(DAYS);
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(CommandError::Days { days, max: DAYS_MAX });
        }
        let cleaned = call.app.upkeep.clean_up(call.guild(), days).await?;
        let age = count(days.into(), "day", "days");
        Ok(Reply::text(match cleaned.rows {
            0 => format!("No reminder in my log is older than {age}, so I have removed none."),
            rows => format!(
                "I have removed {} older than {age} from my log. Events, answers, and reminders that are on their way \
                 stay. `/database optimize` gives back the room.",
                count(rows, "reminder", "reminders")
            ),
        }))
    }
}
