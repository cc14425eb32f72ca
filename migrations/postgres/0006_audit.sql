-- The history, its signed heads, the state of its checks, its index, and saved searches.

-- The columns behind the hash only repeat what the form says: queries narrow and sort by them.
-- The form is TEXT and not JSON's own type, so that the bytes are those that were hashed.
CREATE TABLE audit_event (
    sequence        BIGINT NOT NULL PRIMARY KEY,
    form            TEXT   NOT NULL, -- what happened, as JSON after RFC 8785
    hash            TEXT   NOT NULL, -- SHA-256 of the form
    at              TEXT   COLLATE "C" GENERATED ALWAYS AS (form::json ->> 'at') STORED,
    done_at         TEXT   COLLATE "C" GENERATED ALWAYS AS (COALESCE(form::json ->> 'done_at', form::json ->> 'at')) STORED,
    actor_kind      TEXT   GENERATED ALWAYS AS (form::json #>> '{actor,kind}') STORED,
    actor_id        TEXT   GENERATED ALWAYS AS (form::json #>> '{actor,id}') STORED,
    actor_name      TEXT   GENERATED ALWAYS AS (form::json #>> '{actor,name}') STORED,
    action          TEXT   GENERATED ALWAYS AS (form::json ->> 'action') STORED,
    target_id       TEXT   GENERATED ALWAYS AS (form::json #>> '{target,id}') STORED,
    distribution_id TEXT   GENERATED ALWAYS AS (form::json ->> 'distribution') STORED,
    invalidation_id TEXT   GENERATED ALWAYS AS (form::json ->> 'invalidation') STORED,
    outcome         TEXT   GENERATED ALWAYS AS (form::json ->> 'outcome') STORED,
    cloudfront_id   TEXT   GENERATED ALWAYS AS (form::json ->> 'cloudfront_id') STORED,
    -- What a check came to; NULL for all other events.
    freshness       TEXT   GENERATED ALWAYS AS
        (CASE WHEN form::json ->> 'action' = 'check.finished' THEN form::json ->> 'new' END) STORED,
    -- 'access' for what is about access and settings; NULL for all other events. By the first word of the action.
    area            TEXT   GENERATED ALWAYS AS
        (CASE WHEN form::json ->> 'action' = 'check.settings_changed'
             OR split_part(form::json ->> 'action', '.', 1) IN (
                 'act', 'budget', 'channel', 'freeze', 'grant', 'group', 'history', 'path_mappings', 'person', 'protection', 'request', 'sign_in', 'token', 'unstale')
         THEN 'access' END) STORED,
    CHECK (sequence IS NOT DISTINCT FROM (form::json ->> 'sequence')::bigint)
);

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
-- The expression is the same number: a query that sorts by it uses this index, and never the primary key.
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, (sequence + 0));
CREATE INDEX audit_event_own ON audit_event (actor_kind, actor_id, (sequence + 0)) WHERE distribution_id IS NULL;
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
CREATE INDEX audit_event_by_area_and_distribution ON audit_event (distribution_id, area, (sequence + 0))
    WHERE area IS NOT NULL AND distribution_id IS NOT NULL;

CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit event is never changed or deleted';
END $$;

-- An event may go once a segment that was exported and signed has it.
CREATE FUNCTION audit_event_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM audit_segment WHERE OLD.sequence BETWEEN first_sequence AND last_sequence
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an audit event is never deleted';
END $$;

CREATE TRIGGER audit_event_is_not_truncated BEFORE TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();

CREATE TRIGGER audit_event_is_not_changed BEFORE UPDATE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();

CREATE TRIGGER audit_event_is_not_deleted BEFORE DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse_delete();

-- The last event, so that the next one need not look for it and writers queue up behind one row.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT    NOT NULL
);

INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Heads of the chain under a key: cutting off the end or rewriting all of it shows against them.
CREATE TABLE audit_signed_head (
    sequence   BIGINT NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    public_key TEXT   NOT NULL,
    signature  TEXT   NOT NULL
);

CREATE TRIGGER audit_signed_head_is_not_changed BEFORE UPDATE OR DELETE ON audit_signed_head
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();

CREATE TRIGGER audit_signed_head_is_not_truncated BEFORE TRUNCATE ON audit_signed_head
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();

-- How the last check in the background ended. It is shown and never trusted: a check begins at a signed head.
CREATE TABLE audit_check (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence   BIGINT NOT NULL, -- intact up to this event
    at         BIGINT,
    whole_at   BIGINT,          -- when the whole chain was last found intact
    broken_at  BIGINT,          -- the first bad event, where there is one
    problem    TEXT   NOT NULL,
    head_told  BIGINT NOT NULL,  -- the last signed head that the file and the webhook have
    -- The last signed head that the webhook took, and why the file or the webhook did not take the next.
    head_posted BIGINT NOT NULL DEFAULT 0,
    post_due_at BIGINT NOT NULL DEFAULT 0,
    post_problem TEXT   NOT NULL DEFAULT '',
    file_problem TEXT   NOT NULL DEFAULT ''
);

INSERT INTO audit_check (id, sequence, problem, head_told) VALUES (1, 0, '', 0);

-- Segments that were exported and may be dropped. The signature covers all columns but itself.
CREATE TABLE audit_segment (
    last_sequence  BIGINT NOT NULL PRIMARY KEY,
    first_sequence BIGINT NOT NULL,
    last_hash      TEXT   NOT NULL,
    file           TEXT   NOT NULL,
    file_sha256    TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    public_key     TEXT   NOT NULL,
    signature      TEXT   NOT NULL
);

CREATE TRIGGER audit_segment_is_not_changed BEFORE UPDATE OR DELETE ON audit_segment
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();

CREATE TRIGGER audit_segment_is_not_truncated BEFORE TRUNCATE ON audit_segment
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();

-- How far the index goes. Events behind that are looked through one by one.
CREATE TABLE audit_index (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL
);

INSERT INTO audit_index (id, sequence) VALUES (1, 0);

-- Which events name an item: the first 64 bits of the SHA-256 of the path, of a wildcard's prefix, or of a tag.
CREATE TABLE audit_item (
    item_key BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (item_key, sequence)
);

-- Which events have a word. The words come in small letters with a space between.
CREATE TABLE audit_words (
    sequence BIGINT   NOT NULL PRIMARY KEY,
    words    TSVECTOR NOT NULL
);

CREATE INDEX audit_words_by_word ON audit_words USING GIN (words);

-- Searches of the history that people save: for themselves, or for everyone.
CREATE TABLE saved_search (
    id         TEXT   NOT NULL PRIMARY KEY,
    person_id  TEXT   NOT NULL REFERENCES person (id),
    name       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    for_everyone BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX saved_search_by_person ON saved_search (person_id, created_at);
CREATE INDEX saved_search_for_everyone ON saved_search (created_at) WHERE for_everyone;
