-- What was read from CloudFront, the pace at which each account may be called, and what distributions ask for.

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
    problem_message  TEXT,
    read_throttles   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE distribution (
    id               TEXT    NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL REFERENCES account (id),
    arn              TEXT    NOT NULL,
    domain_name      TEXT    NOT NULL,
    aliases          TEXT    NOT NULL, -- a JSON list
    comment          TEXT    NOT NULL,
    -- The name that pages show, in lower case: lists are ordered by it.
    sort_name        TEXT    NOT NULL,
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
    delivery         TEXT, -- JSON: what decides what viewers get
    -- JSON: what it was before the first change since its last request, and when another one was read.
    earlier_config   TEXT,
    earlier_config_until INTEGER,
    -- It has cache policies of the account's own, which are still to be read.
    policies_wanted  INTEGER NOT NULL DEFAULT 0,
    -- When a batch of it was last taken up: distributions take turns.
    last_claimed_at  INTEGER NOT NULL DEFAULT 0,
    -- Who asks CloudFront about its invalidations now.
    poll_lease       TEXT,
    poll_lease_until INTEGER,
    -- When to look next for invalidations made outside.
    outside_due_at   INTEGER NOT NULL DEFAULT 0,
    -- When to read its tags next, and when they were read; none is unknown.
    tags_due_at      INTEGER NOT NULL DEFAULT 0,
    tags_read_at     INTEGER,
    -- From CloudWatch: what viewers ask for, and how much of 1,000 requests the cache answers. None is unknown.
    requests_a_minute  INTEGER,
    hits_per_thousand  INTEGER,
    traffic_at         INTEGER,
    -- The tier of the flat-rate plan that it is on, from the pricing plan manager.
    flat_rate_plan   TEXT,
    -- It cannot be invalidated itself, only its tenants.
    tenant_only      INTEGER NOT NULL DEFAULT 0
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

-- How the reading of what needs an optional permission stands: of traffic, and of flat-rate plans. The row is made by the
-- first reading.
CREATE TABLE optional_reading (
    name            TEXT    NOT NULL PRIMARY KEY CHECK (name IN ('traffic', 'flat_rate_plans')),
    due_at          INTEGER NOT NULL,
    -- When it was last read; empty after AWS denied access.
    read_at         INTEGER,
    problem_kind    TEXT,
    problem_code    TEXT,
    problem_message TEXT
) STRICT;

CREATE TABLE distribution_tag (
    distribution_id TEXT NOT NULL REFERENCES distribution (id),
    tag_key         TEXT NOT NULL,
    tag_value       TEXT NOT NULL,
    PRIMARY KEY (distribution_id, tag_key)
) STRICT;

-- The continuous deployment policy that a distribution's configuration names, and what it says once it was read.
CREATE TABLE continuous_deployment (
    distribution_id TEXT    NOT NULL PRIMARY KEY REFERENCES distribution (id),
    policy_id       TEXT    NOT NULL,
    -- The last_modified of the distribution at which its configuration was read.
    read_for        INTEGER NOT NULL,
    -- It is still to be read.
    wanted          INTEGER NOT NULL,
    policy          TEXT -- JSON; none is unknown
) STRICT;

CREATE INDEX continuous_deployment_by_wanted ON continuous_deployment (distribution_id) WHERE wanted;

-- The domain names of the staging distributions that these policies name, by which the distributions are found.
CREATE TABLE staging_domain (
    distribution_id TEXT NOT NULL REFERENCES continuous_deployment (distribution_id),
    domain_name     TEXT NOT NULL,
    PRIMARY KEY (distribution_id, domain_name)
) STRICT;

CREATE INDEX staging_domain_by_name ON staging_domain (domain_name);

CREATE INDEX distribution_by_name ON distribution ((gone_at IS NOT NULL), sort_name, id);
CREATE INDEX distribution_by_staging_domain ON distribution (domain_name) WHERE staging;

CREATE INDEX distribution_by_policies_wanted ON distribution (account_id, id) WHERE policies_wanted;

CREATE INDEX distribution_by_tag ON distribution_tag (tag_key, tag_value);

-- Where the files that tools name are found on the site of a distribution.
CREATE TABLE path_mapping (
    distribution_id TEXT    NOT NULL REFERENCES distribution (id),
    position        INTEGER NOT NULL, -- from 0, in the order in which people wrote them
    from_files      TEXT    NOT NULL, -- a folder, or s3://BUCKET/PREFIX
    to_path         TEXT    NOT NULL,
    PRIMARY KEY (distribution_id, position)
) STRICT;

CREATE TABLE protection (
    distribution_id   TEXT    NOT NULL PRIMARY KEY REFERENCES distribution (id),
    guard             TEXT    NOT NULL CHECK (guard IN ('open', 'typed_name', 'second_person')),
    wide_above        INTEGER,
    reason_required   INTEGER NOT NULL,
    cool_down_seconds INTEGER NOT NULL
) STRICT;

-- How far the list of a distribution was read for invalidations made outside, and what is still to be asked for.
CREATE TABLE outside_reading (
    distribution_id TEXT    NOT NULL PRIMARY KEY REFERENCES distribution (id),
    newest_id       TEXT,              -- the first of the list when it was last read from its front
    unread          TEXT    NOT NULL,  -- a JSON list of CloudFront's IDs
    older           INTEGER NOT NULL,  -- there are older pages to read
    marker          TEXT,              -- the next page begins behind this ID
    until_id        TEXT,              -- pages are read down to this one; without it, to the start of the list
    due_at          INTEGER NOT NULL,
    whole_at        INTEGER            -- when the start of the list was first reached
) STRICT;

-- Where the reading of CloudTrail stands.
CREATE TABLE cloudtrail_progress (
    id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    due_at          INTEGER NOT NULL,
    round           INTEGER NOT NULL,
    -- The reading under way: when it began, the times that it looks through, and where its next page begins.
    begun_at        INTEGER,
    from_at         INTEGER,
    to_at           INTEGER,
    next_token      TEXT,
    failed_at       INTEGER,
    problem_kind    TEXT,
    problem_code    TEXT,
    problem_message TEXT
) STRICT;

INSERT INTO cloudtrail_progress (id, due_at, round) VALUES (1, 0, 0);
