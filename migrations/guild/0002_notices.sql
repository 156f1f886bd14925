-- What the organisers of a guild have to be told about its events.

PRAGMA user_version = 2;

-- At most one of each kind for an event: held_up, undelivered, over. A row is kept for as long as it says when that was told.
-- cause: access, permission, thread or refused, for as long as an event is held up; empty for the other kinds.
-- next_attempt_at: when to tell it; NULL if there is nothing to tell.
-- message_at, channel_id: when and where the message was first sent that tells it, until Discord's answer is known.
-- In few words: SQLite keeps them in every guild's file, where a few more would cost a page.
CREATE TABLE notices (
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    since_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    message_at INTEGER,
    channel_id INTEGER,
    told_at INTEGER,
    PRIMARY KEY (event_id, kind)
) STRICT, WITHOUT ROWID;
