-- The history. Rows are written once; each carries the hash of the one before it.

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
    CHECK (sequence IS NOT DISTINCT FROM form ->> '$.sequence')
) STRICT;

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, sequence);
CREATE INDEX audit_event_own ON audit_event (actor_kind, actor_id, sequence) WHERE distribution_id IS NULL;
CREATE INDEX audit_event_by_proposal ON audit_event (target_id, sequence)
    WHERE action IN ('proposal.made', 'proposal.approved', 'proposal.declined');

-- The last event, so that the next one need not look for it and writers queue up behind one row.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     TEXT    NOT NULL
) STRICT;

INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER audit_event_is_not_updated BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END;

CREATE TRIGGER audit_event_is_not_deleted BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'an audit event is never deleted'); END;

-- INSERT OR REPLACE would not fire the trigger on DELETE.
CREATE TRIGGER audit_event_is_not_replaced BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'an audit event is never replaced'); END;
