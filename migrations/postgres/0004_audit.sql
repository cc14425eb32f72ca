-- The history. Rows are written once; each carries the hash of the one before it.

CREATE TABLE audit_event (
    sequence        BIGINT NOT NULL PRIMARY KEY,
    at              BIGINT NOT NULL,
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
    items_count     BIGINT NOT NULL,
    items_sha256    TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    note            TEXT    NOT NULL,
    aws_request_id  TEXT    NOT NULL,
    cloudfront_id   TEXT    NOT NULL,
    old_value       TEXT    NOT NULL,
    new_value       TEXT    NOT NULL,
    version         BIGINT NOT NULL,
    previous_hash   TEXT    NOT NULL,
    hash            TEXT    NOT NULL
);

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, sequence);

-- The last event, so that the next one need not look for it and writers queue up behind one row.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT    NOT NULL
);

INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit event is never changed or deleted';
END $$;

CREATE TRIGGER audit_event_is_not_changed BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();

CREATE TRIGGER audit_event_is_not_truncated BEFORE TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();
