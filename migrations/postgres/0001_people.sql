-- People with local accounts, their sessions, and the link for the first one.
-- Times are microseconds since 1970 in UTC, here and in every table.

CREATE TABLE person (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT
);

CREATE TABLE session (
    token_hash     TEXT    NOT NULL PRIMARY KEY,
    person_id      TEXT    NOT NULL REFERENCES person (id),
    sign_in        TEXT    NOT NULL,
    client_address TEXT    NOT NULL,
    created_at     BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);

CREATE INDEX session_by_person ON session (person_id);

CREATE TABLE set_up_link (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
