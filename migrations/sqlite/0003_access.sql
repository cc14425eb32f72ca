-- Who may refresh what: groups and grants.

CREATE TABLE person_group (
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
