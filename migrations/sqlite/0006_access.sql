-- Who may refresh what: groups, grants, tags of distributions, protected distributions, and requests that wait.

CREATE TABLE IF NOT EXISTS person_group (
    person_id  TEXT NOT NULL REFERENCES person (id),
    group_name TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('local', 'provider')),
    PRIMARY KEY (person_id, group_name, source)
) STRICT;

CREATE INDEX person_group_by_name ON person_group (group_name, person_id, source);
CREATE INDEX person_group_by_source ON person_group (source, group_name);

-- Groups that administrators made here. Those of a provider have no row of their own.
CREATE TABLE local_group (
    name       TEXT    NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE access_grant (
    id              TEXT    NOT NULL PRIMARY KEY,
    subject_kind    TEXT    NOT NULL CHECK (subject_kind IN ('person', 'group', 'token')),
    subject_id      TEXT    NOT NULL,
    -- One distribution, or all with a tag in AWS.
    distribution_id TEXT,
    tag_key         TEXT,
    tag_value       TEXT,
    -- What may be refreshed there; an empty tag_prefix is every tag, none at all is no tag.
    path_prefix     TEXT,
    tag_prefix      TEXT,
    everything      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    CHECK ((distribution_id IS NULL) <> (tag_key IS NULL))
) STRICT;

CREATE INDEX access_grant_by_subject ON access_grant (subject_kind, subject_id);

CREATE TABLE distribution_tag (
    distribution_id TEXT NOT NULL REFERENCES distribution (id),
    tag_key         TEXT NOT NULL,
    tag_value       TEXT NOT NULL,
    PRIMARY KEY (distribution_id, tag_key)
) STRICT;

CREATE INDEX distribution_by_tag ON distribution_tag (tag_key, tag_value);

-- When to read its tags next, and when they were read; none is unknown.
ALTER TABLE distribution ADD COLUMN tags_due_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE distribution ADD COLUMN tags_read_at INTEGER;

CREATE TABLE protection (
    distribution_id   TEXT    NOT NULL PRIMARY KEY REFERENCES distribution (id),
    guard             TEXT    NOT NULL CHECK (guard IN ('open', 'typed_name', 'second_person')),
    wide_above        INTEGER,
    reason_required   INTEGER NOT NULL,
    cool_down_seconds INTEGER NOT NULL
) STRICT;

CREATE TABLE proposal (
    id              TEXT    NOT NULL PRIMARY KEY,
    request_key     TEXT    NOT NULL UNIQUE,
    distribution_id TEXT    NOT NULL REFERENCES distribution (id),
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    -- The person who asked, or whose token did.
    behind          TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    items           TEXT    NOT NULL, -- a JSON list, sorted
    items_sha256    TEXT    NOT NULL,
    first_item      TEXT    NOT NULL,
    asked_at        INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'approved', 'declined')),
    decided_kind    TEXT,
    decided_id      TEXT,
    decided_name    TEXT,
    decided_at      INTEGER,
    word            TEXT    NOT NULL DEFAULT '',
    invalidation_id TEXT
) STRICT;

CREATE INDEX proposal_by_time ON proposal (asked_at DESC, id DESC);
CREATE INDEX proposal_by_distribution ON proposal (distribution_id, asked_at DESC, id DESC);
-- Those that expired still say that they wait.
CREATE INDEX proposal_waiting ON proposal (expires_at, distribution_id, actor_kind, actor_id) WHERE state = 'waiting';
CREATE INDEX invalidation_by_items ON invalidation (distribution_id, items_sha256, requested_at DESC);
