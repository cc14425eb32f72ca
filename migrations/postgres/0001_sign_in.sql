-- People, how they sign in, and their sessions.
-- Times are microseconds since 1970 in UTC, here and in every table.

CREATE TABLE person (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL, -- empty for somebody without a local password
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT,
    scope         TEXT    NOT NULL DEFAULT 'granted' CHECK (scope IN ('everything', 'granted'))
);

CREATE TABLE session (
    token_hash     TEXT    NOT NULL PRIMARY KEY,
    person_id      TEXT    NOT NULL REFERENCES person (id),
    sign_in        TEXT    NOT NULL,
    client_address TEXT    NOT NULL,
    created_at     BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    user_agent     TEXT    NOT NULL DEFAULT ''
);

CREATE INDEX session_by_person ON session (person_id);

CREATE TABLE set_up_link (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE second_step (
    person_id    TEXT    NOT NULL PRIMARY KEY REFERENCES person (id),
    secret       TEXT    NOT NULL, -- base32, as the authenticator has it
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,          -- before that it is only offered
    last_step    BIGINT NOT NULL  -- the step of the last code that was used
);

CREATE TABLE recovery_code (
    person_id TEXT    NOT NULL REFERENCES person (id),
    code_hash TEXT    NOT NULL,
    used_at   BIGINT,
    PRIMARY KEY (person_id, code_hash)
);

-- Somebody whose password was right and whose code is still to come.
CREATE TABLE pending_second_factor (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The secret of the second step that the first code turns on; of this sign-in alone.
    offered    TEXT
);

CREATE TABLE password_link (
    person_id  TEXT    NOT NULL PRIMARY KEY REFERENCES person (id),
    token_hash TEXT    NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

-- Who somebody is to a provider or a proxy: issuer and subject together, never the address.
CREATE TABLE identity (
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identity_by_person ON identity (person_id);

-- The authentication methods as the last start found them, a line for each setting; secrets only as set or not.
CREATE TABLE authentication_methods (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    facts TEXT    NOT NULL
);
