-- One guild's database: what it decided, who is in it, its events, their answers, its reminder log.
-- Instants are INTEGER Unix milliseconds UTC (*_at), durations are milliseconds (*_ms), Discord's ids are INTEGER.
-- Both pragmas are transactional; each later migration sets user_version to its own number.
-- Comments stand outside the statements: SQLite would keep them in every guild's file.

PRAGMA application_id = 1297437524; -- "MUST"
PRAGMA user_version = 1;

-- One row: the guild itself. Its number is in the file, so that a file copied to another guild is noticed.
CREATE TABLE guild (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    guild_id INTEGER NOT NULL,
    name TEXT,
    settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    user_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    is_bot INTEGER NOT NULL CHECK (is_bot IN (0, 1)),
    roles TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(roles)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: a button on an old message must never meet another event under the same number.
-- message_id NULL: a draft, until Discord has answered.
-- title_key: the title in lower case, in any script; what a search compares.
-- suspended_reason: why Discord refuses the reminders; next_due_at is then the next try.
-- grid_at: an instant of the due grid, from which all others are whole intervals away; a pause or a suspension keeps it.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL,
    message_id INTEGER UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('posted', 'watched')),
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    interval_ms INTEGER NOT NULL CHECK (interval_ms > 0),
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    suspended_reason TEXT,
    last_reminder_at INTEGER,
    next_due_at INTEGER CHECK (next_due_at IS NULL OR (paused = 0 AND ended_at IS NULL)),
    grid_at INTEGER NOT NULL,
    required_reactions TEXT NOT NULL CHECK (json_valid(required_reactions))
        DEFAULT '[{"emoji":"✅","label":"Coming"},{"emoji":"❌","label":"Not coming"},{"emoji":"❓","label":"Maybe"}]',
    role_id INTEGER,
    author_id INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT CHECK (end_reason IN ('unwatched', 'message_deleted', 'channel_deleted')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE INDEX events_live ON events (created_at) WHERE ended_at IS NULL;
CREATE INDEX events_due ON events (next_due_at) WHERE next_due_at IS NOT NULL AND message_id IS NOT NULL;

-- A member has one answer by button, and as many reactions as there are choices. choice: the emoji's key.
CREATE TABLE responses (
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('button', 'reaction')),
    choice TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id, source, choice)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX responses_one_button ON responses (event_id, user_id) WHERE source = 'button';

-- created_at: the claim. addressed_at: when it was last decided whom the messages mention and what they say.
-- next_due_at: the event's next instant, as it was then.
-- perhaps_sent_before: 1 if the messages say so, because Discord may have taken some whose history nobody may read.
CREATE TABLE reminder_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    scheduled_at INTEGER NOT NULL,
    sent_at INTEGER,
    users_notified INTEGER NOT NULL DEFAULT 0,
    responded INTEGER NOT NULL DEFAULT 0,
    recipients TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(recipients)),
    next_due_at INTEGER,
    addressed_at INTEGER NOT NULL,
    perhaps_sent_before INTEGER NOT NULL DEFAULT 0 CHECK (perhaps_sent_before IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed', 'skipped')),
    error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER CHECK ((next_attempt_at IS NOT NULL) = (status = 'pending')),
    nonce TEXT NOT NULL DEFAULT '',
    message_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(message_ids)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (event_id, scheduled_at)
) STRICT;

-- Also for what is pending, of which there is little at any time.
CREATE INDEX reminder_log_by_status ON reminder_log (status, scheduled_at);
