//! The ranges of the keys.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Config, span};
use crate::domain::interval::Interval;

const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = DAY.saturating_mul(365);

impl Config {
    /// All that is wrong with the values, a sentence each; empty if they can be used.
    pub(super) fn problems(&self) -> Vec<String> {
        let Self { discord, storage, reminders, http: _, log } = self;
        let nothing = Duration::ZERO;
        let second = Duration::from_secs(1);
        let mut problems: Vec<String> = [
            within("discord.requests_per_second", &discord.requests_per_second, 1..=50),
            within("storage.max_open", &storage.max_open, 1..=100_000),
            span_within("storage.idle_close", storage.idle_close, second..=DAY),
            span_within("storage.busy_timeout", storage.busy_timeout, second / 10..=second * 60),
            span_within("storage.slow_statement", storage.slow_statement, nothing..=second * 60),
            span_within("storage.delete_grace", storage.delete_grace, nothing..=YEAR),
            span_within("storage.absent_grace", storage.absent_grace, nothing..=YEAR),
            span_within("storage.backup_every", storage.backup_every, nothing..=YEAR),
            within("storage.backup_keep", &storage.backup_keep, 1..=1_000),
            span_within("reminders.nonce_window", reminders.nonce_window, nothing..=second * 600),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(self.interval_problems());
        if !discord.api_url.is_empty() && !is_http_url(&discord.api_url) {
            problems.push(format!(
                "discord.api_url is \"{}\", which is not a URL such as http://127.0.0.1:8080, nor empty for Discord itself",
                discord.api_url
            ));
        }
        if storage.data_dir.as_os_str().is_empty() {
            problems.push(
                "storage.data_dir is empty; name the directory of the databases, such as \"data\"".into(),
            );
        }
        if let Err(error) = log.filter.parse::<EnvFilter>() {
            problems.push(format!("log.filter is \"{}\", which cannot be used: {error}", log.filter));
        }
        problems
    }

    fn interval_problems(&self) -> Vec<String> {
        let limits = &self.reminders;
        let allowed = Interval::from_duration(Duration::from_secs(1))..=Interval::from_duration(YEAR);
        let mut problems = Vec::new();
        for (key, interval) in [
            ("reminders.min_interval", limits.min_interval),
            ("reminders.max_interval", limits.max_interval),
            ("reminders.default_interval", limits.default_interval),
        ] {
            if !allowed.contains(&Some(interval)) {
                problems.push(format!("{key} is {interval}, which is not within 1 second to 365 days"));
            }
        }
        if limits.min_interval > limits.max_interval {
            problems.push(format!(
                "reminders.min_interval is {}, which is more than reminders.max_interval, {}",
                limits.min_interval, limits.max_interval
            ));
        } else if limits.limits().check(limits.default_interval).is_err() {
            problems.push(format!(
                "reminders.default_interval is {}, which is not within reminders.min_interval and \
                 reminders.max_interval, {} to {}",
                limits.default_interval, limits.min_interval, limits.max_interval
            ));
        }
        problems
    }
}

fn is_http_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn within<T: PartialOrd + fmt::Display>(key: &str, value: &T, range: RangeInclusive<T>) -> Option<String> {
    let outside = !range.contains(value);
    outside.then(|| format!("{key} is {value}, which is not within {} to {}", range.start(), range.end()))
}

fn span_within(key: &str, value: Duration, range: RangeInclusive<Duration>) -> Option<String> {
    let say = span::as_written;
    let outside = !range.contains(&value);
    outside.then(|| {
        format!(
            "{key} is {}, which is not within {} to {}",
            say(value),
            say(*range.start()),
            say(*range.end())
        )
    })
}
