-- The history, its signed heads, the state of its checks, its index, and saved searches.

-- The columns behind the hash only repeat what the form says: queries narrow and sort by them.
-- They are worked out of the form whenever they are read. One that is no JSON any more has none, and hides no other.
CREATE TABLE audit_event (
    sequence        INTEGER NOT NULL PRIMARY KEY,
    form            TEXT    NOT NULL, -- what happened, as JSON after RFC 8785
    hash            TEXT    NOT NULL, -- SHA-256 of the form
    at              TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.at' END),
    done_at         TEXT    AS (CASE WHEN json_valid(form) THEN COALESCE(form ->> '$.done_at', form ->> '$.at') END),
    actor_kind      TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.actor.kind' END),
    actor_id        TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.actor.id' END),
    actor_name      TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.actor.name' END),
    action          TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.action' END),
    target_id       TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.target.id' END),
    distribution_id TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.distribution' END),
    invalidation_id TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.invalidation' END),
    outcome         TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.outcome' END),
    cloudfront_id   TEXT    AS (CASE WHEN json_valid(form) THEN form ->> '$.cloudfront_id' END),
    -- What a check came to; NULL for all other events.
    freshness       TEXT    AS (CASE WHEN json_valid(form) AND form ->> '$.action' = 'check.finished'
                                THEN form ->> '$.new' END),
    -- 'access' for what is about access and settings; NULL for all other events. By the first word of the action.
    area            TEXT    AS (CASE WHEN json_valid(form) AND (
                                    form ->> '$.action' = 'check.settings_changed'
                                    OR substr(form ->> '$.action', 1, instr(form ->> '$.action', '.') - 1) IN (
                                        'act', 'budget', 'channel', 'freeze', 'grant', 'group', 'history', 'path_mappings', 'person', 'protection', 'request', 'sign_in', 'token', 'unstale'))
                                THEN 'access' END),
    CHECK (sequence IS NOT DISTINCT FROM form ->> '$.sequence')
) STRICT;

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, sequence);
CREATE INDEX audit_event_own ON audit_event (actor_kind, actor_id, sequence) WHERE distribution_id IS NULL;
CREATE INDEX audit_event_by_proposal ON audit_event (target_id, sequence)
    WHERE action IN ('proposal.made', 'proposal.approved', 'proposal.declined');

-- Each filter of the history's page by itself is answered from an index, newest first.
CREATE INDEX audit_event_by_actor ON audit_event (actor_name, sequence);
CREATE INDEX audit_event_by_kind ON audit_event (actor_kind, sequence);
CREATE INDEX audit_event_by_action ON audit_event (action, sequence);
CREATE INDEX audit_event_by_outcome ON audit_event (outcome, sequence);
CREATE INDEX audit_event_by_time ON audit_event (at);

-- What did not end well is rare and often looked for.
CREATE INDEX audit_event_not_done ON audit_event (outcome, distribution_id, sequence) WHERE outcome <> 'done';

CREATE INDEX audit_event_by_freshness ON audit_event (freshness, distribution_id, sequence) WHERE freshness IS NOT NULL;

-- Few events are about access and settings, and they have a list of their own.
CREATE INDEX audit_event_by_area ON audit_event (area, sequence) WHERE area IS NOT NULL;
CREATE INDEX audit_event_by_area_and_distribution ON audit_event (distribution_id, area, sequence)
    WHERE area IS NOT NULL AND distribution_id IS NOT NULL;

CREATE TRIGGER audit_event_is_not_updated BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END;

-- INSERT OR REPLACE would not fire the trigger on DELETE.
CREATE TRIGGER audit_event_is_not_replaced BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'an audit event is never replaced'); END;

-- An event may go once a segment that was exported and signed has it.
CREATE TRIGGER audit_event_is_not_deleted BEFORE DELETE ON audit_event
WHEN NOT EXISTS (
    SELECT 1 FROM audit_segment WHERE OLD.sequence BETWEEN first_sequence AND last_sequence
)
BEGIN SELECT RAISE(ABORT, 'an audit event is never deleted'); END;

-- The last event, so that the next one need not look for it and writers queue up behind one row.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     TEXT    NOT NULL
) STRICT;

INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Heads of the chain under a key: cutting off the end or rewriting all of it shows against them.
CREATE TABLE audit_signed_head (
    sequence   INTEGER NOT NULL PRIMARY KEY,
    hash       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    public_key TEXT    NOT NULL,
    signature  TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_signed_head_is_not_updated BEFORE UPDATE ON audit_signed_head
BEGIN SELECT RAISE(ABORT, 'a signed head is never changed'); END;

CREATE TRIGGER audit_signed_head_is_not_deleted BEFORE DELETE ON audit_signed_head
BEGIN SELECT RAISE(ABORT, 'a signed head is never deleted'); END;

CREATE TRIGGER audit_signed_head_is_not_replaced BEFORE INSERT ON audit_signed_head
WHEN EXISTS (SELECT 1 FROM audit_signed_head WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'a signed head is never replaced'); END;

-- How the last check in the background ended. It is shown and never trusted: a check begins at a signed head.
CREATE TABLE audit_check (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence   INTEGER NOT NULL, -- intact up to this event
    at         INTEGER,
    whole_at   INTEGER,          -- when the whole chain was last found intact
    broken_at  INTEGER,          -- the first bad event, where there is one
    problem    TEXT    NOT NULL,
    head_told  INTEGER NOT NULL,  -- the last signed head that the file and the webhook have
    -- The last signed head that the webhook took, and why the file or the webhook did not take the next.
    head_posted INTEGER NOT NULL DEFAULT 0,
    post_due_at INTEGER NOT NULL DEFAULT 0,
    post_problem TEXT    NOT NULL DEFAULT '',
    file_problem TEXT    NOT NULL DEFAULT ''
) STRICT;

INSERT INTO audit_check (id, sequence, problem, head_told) VALUES (1, 0, '', 0);

-- Segments that were exported and may be dropped. The signature covers all columns but itself.
CREATE TABLE audit_segment (
    last_sequence  INTEGER NOT NULL PRIMARY KEY,
    first_sequence INTEGER NOT NULL,
    last_hash      TEXT    NOT NULL,
    file           TEXT    NOT NULL,
    file_sha256    TEXT    NOT NULL,
    at             INTEGER NOT NULL,
    public_key     TEXT    NOT NULL,
    signature      TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_segment_is_not_updated BEFORE UPDATE ON audit_segment
BEGIN SELECT RAISE(ABORT, 'a segment is never changed'); END;

CREATE TRIGGER audit_segment_is_not_deleted BEFORE DELETE ON audit_segment
BEGIN SELECT RAISE(ABORT, 'a segment is never deleted'); END;

CREATE TRIGGER audit_segment_is_not_replaced BEFORE INSERT ON audit_segment
WHEN EXISTS (SELECT 1 FROM audit_segment WHERE last_sequence = NEW.last_sequence)
BEGIN SELECT RAISE(ABORT, 'a segment is never replaced'); END;

-- How far the index goes. Events behind that are looked through one by one.
CREATE TABLE audit_index (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;

INSERT INTO audit_index (id, sequence) VALUES (1, 0);

-- Which events name an item: the first 64 bits of the SHA-256 of the path, of a wildcard's prefix, or of a tag.
CREATE TABLE audit_item (
    item_key INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (item_key, sequence)
) STRICT, WITHOUT ROWID;

-- Which events have a word. The words come in small letters with a space between.
CREATE VIRTUAL TABLE audit_words USING fts5(
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

-- Searches of the history that people save: for themselves, or for everyone.
CREATE TABLE saved_search (
    id         TEXT    NOT NULL PRIMARY KEY,
    person_id  TEXT    NOT NULL REFERENCES person (id),
    name       TEXT    NOT NULL,
    query      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    for_everyone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX saved_search_by_person ON saved_search (person_id, created_at);
CREATE INDEX saved_search_for_everyone ON saved_search (created_at) WHERE for_everyone = 1;
