-- Ways in beside the password: second steps, one-time links for passwords, and identities of providers and proxies.

ALTER TABLE session ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';

-- A person without a local password has '' as its hash.

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
CREATE TABLE half_sign_in (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    tries      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
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

CREATE TABLE person_group (
    person_id  TEXT NOT NULL REFERENCES person (id),
    group_name TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('local', 'provider')),
    PRIMARY KEY (person_id, group_name, source)
) STRICT;
