-- What the surveyor read from CloudFront, and the pace at which each account may be called.

CREATE TABLE account (
    id               TEXT    NOT NULL PRIMARY KEY,
    -- The earliest time at which the next call of each kind keeps the pace.
    create_next_at   INTEGER NOT NULL DEFAULT 0,
    read_next_at     INTEGER NOT NULL DEFAULT 0,
    -- Set while AWS refuses the account as a whole: nothing is sent until retry_at.
    paused_at        INTEGER,
    retry_at         INTEGER,
    problem_kind     TEXT,
    problem_code     TEXT,
    problem_message  TEXT
) STRICT;

CREATE TABLE distribution (
    id               TEXT    NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL REFERENCES account (id),
    arn              TEXT    NOT NULL,
    domain_name      TEXT    NOT NULL,
    aliases          TEXT    NOT NULL, -- a JSON list
    comment          TEXT    NOT NULL,
    enabled          INTEGER NOT NULL,
    status           TEXT    NOT NULL,
    staging          INTEGER NOT NULL,
    origins          TEXT    NOT NULL, -- a JSON list
    last_modified    INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    gone_at          INTEGER,
    -- From GetDistributionConfig; config_read_for is the last_modified that it was read at.
    config_read_for  INTEGER,
    root_object      TEXT,
    tag_header       TEXT,
    query_strings    INTEGER,
    -- When a batch of it was last taken up: distributions take turns.
    last_claimed_at  INTEGER NOT NULL DEFAULT 0,
    -- Who asks CloudFront about its invalidations now.
    poll_lease       TEXT,
    poll_lease_until INTEGER,
    -- When to look next for invalidations made outside.
    outside_due_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE survey (
    id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    due_at          INTEGER NOT NULL,
    finished_at     INTEGER,
    failed_at       INTEGER,
    problem_kind    TEXT,
    problem_code    TEXT,
    problem_message TEXT,
    lease           TEXT,
    lease_until     INTEGER
) STRICT;

INSERT INTO survey (id, due_at) VALUES (1, 0);
