-- People, how they sign in, and their sessions.
-- Times are microseconds since 1970 in UTC, here and in every table.

CREATE TABLE person (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL, -- empty for somebody without a local password
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER,
    scope         TEXT    NOT NULL DEFAULT 'granted' CHECK (scope IN ('everything', 'granted'))
) STRICT;

CREATE TABLE session (
    token_hash     TEXT    NOT NULL PRIMARY KEY,
    person_id      TEXT    NOT NULL REFERENCES person (id),
    sign_in        TEXT    NOT NULL,
    client_address TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    user_agent     TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX session_by_person ON session (person_id);

CREATE TABLE set_up_link (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE second_step (
    person_id    TEXT    NOT NULL PRIMARY KEY REFERENCES person (id),
    secret       TEXT    NOT NULL, -- base32, as the authenticator has it
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,          -- before that it is only offered
    last_step    INTEGER NOT NULL  -- the step of the last code that was used
) STRICT;

CREATE TABLE recovery_code (
    person_id TEXT    NOT NULL REFERENCES person (id),
    code_hash TEXT    NOT NULL,
    used_at   INTEGER,
    PRIMARY KEY (person_id, code_hash)
) STRICT;

-- Somebody whose password was right and whose code is still to come.
CREATE TABLE pending_second_factor (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    tries      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- The secret of the second step that the first code turns on; of this sign-in alone.
    offered    TEXT
) STRICT;

CREATE TABLE password_link (
    person_id  TEXT    NOT NULL PRIMARY KEY REFERENCES person (id),
    token_hash TEXT    NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;

-- Who somebody is to a provider or a proxy: issuer and subject together, never the address.
CREATE TABLE identity (
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX identity_by_person ON identity (person_id);

-- The authentication methods as the last start found them, a line for each setting; secrets only as set or not.
CREATE TABLE authentication_methods (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    facts TEXT    NOT NULL
) STRICT;
