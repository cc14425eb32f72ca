-- The history. Rows are written once; each carries the hash of the one before it.

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
    CHECK (sequence IS NOT DISTINCT FROM (form::json ->> 'sequence')::bigint)
);

CREATE INDEX audit_event_by_invalidation ON audit_event (invalidation_id, sequence);
CREATE INDEX audit_event_by_distribution ON audit_event (distribution_id, sequence);
CREATE INDEX audit_event_own ON audit_event (actor_kind, actor_id, sequence) WHERE distribution_id IS NULL;
CREATE INDEX audit_event_by_proposal ON audit_event (target_id, sequence)
    WHERE action IN ('proposal.made', 'proposal.approved', 'proposal.declined');

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
