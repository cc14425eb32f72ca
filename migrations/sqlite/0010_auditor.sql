-- How far lists of invalidations were read, who made those that were made outside, and whether heads could be told.

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

-- Invalidations made outside of which CloudTrail may still say who made them.
CREATE TABLE untraced (
    invalidation_id TEXT    NOT NULL PRIMARY KEY REFERENCES invalidation (id),
    made_at         INTEGER NOT NULL,
    round           INTEGER NOT NULL   -- the reading of CloudTrail that looks for it; 0 before the first
) STRICT;

CREATE INDEX untraced_by_time ON untraced (made_at);

INSERT INTO untraced (invalidation_id, made_at, round)
SELECT id, requested_at, 0 FROM invalidation WHERE actor_kind = 'outside';

-- Where the reading of CloudTrail stands.
CREATE TABLE trail (
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

INSERT INTO trail (id, due_at, round) VALUES (1, 0, 0);

-- The last signed head that the webhook took, and why the file or the webhook did not take the next.
ALTER TABLE audit_check ADD COLUMN head_posted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_check ADD COLUMN post_due_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_check ADD COLUMN post_problem TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_check ADD COLUMN file_problem TEXT NOT NULL DEFAULT '';

-- What earlier versions left of events that were dropped.
DELETE FROM audit_item WHERE sequence < (SELECT COALESCE(min(sequence), 0) FROM audit_event);
