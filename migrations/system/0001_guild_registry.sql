-- The system store: facts that belong to no single guild.
-- Instants are INTEGER Unix milliseconds UTC (*_at), Discord's ids are INTEGER.

PRAGMA application_id = 1297307987; -- "MSYS"
PRAGMA user_version = 1;

CREATE TABLE guilds (
    guild_id     INTEGER PRIMARY KEY,
    membership   TEXT    NOT NULL CHECK (membership IN ('joined', 'left')),
    joined_at    INTEGER NOT NULL,
    left_at      INTEGER,
    absent_since INTEGER,
    live         INTEGER NOT NULL CHECK (live IN (0, 1)),
    next_due_at  INTEGER, -- never later than the truth in the guild's own store
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK ((left_at IS NOT NULL) = (membership = 'left'))
) STRICT;

CREATE TABLE key_values (
    key        TEXT    PRIMARY KEY,
    value      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
