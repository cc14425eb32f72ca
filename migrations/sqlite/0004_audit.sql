-- The history. Rows are written once; each carries the hash of the one before it.

CREATE TABLE audit_event (
    sequence        INTEGER NOT NULL PRIMARY KEY,
    at              INTEGER NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    sign_in         TEXT    NOT NULL,
    session         TEXT    NOT NULL,
    client_address  TEXT    NOT NULL,
    request_id      TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    target_kind     TEXT    NOT NULL,
    target_id       TEXT    NOT NULL,
    distribution_id TEXT,
    invalidation_id TEXT,
    items_shown     TEXT    NOT NULL, -- a JSON list
    items_count     INTEGER NOT NULL,
    items_sha256    TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    note            TEXT    NOT NULL,
    aws_request_id  TEXT    NOT NULL,
    cloudfront_id   TEXT    NOT NULL,
    old_value       TEXT    NOT NULL,
    new_value       TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    previous_hash   TEXT    NOT NULL,
    hash            TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, sequence);

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
