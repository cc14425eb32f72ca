-- What was asked for, what waits for a second person, and what CloudFront gets of it.

CREATE TABLE invalidation (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- Makes pressing twice one request; empty rows are those made outside.
    request_key     TEXT    UNIQUE,
    distribution_id TEXT    NOT NULL REFERENCES distribution (id),
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    -- What viewers must get: new_version, gone, or sha256: and the hash.
    expected        TEXT    NOT NULL DEFAULT 'new_version',
    -- Whether its URLs are fetched once when it has completed.
    warm            BOOLEAN NOT NULL DEFAULT FALSE,
    requested_at    BIGINT NOT NULL,
    item_count      BIGINT NOT NULL,
    first_item      TEXT    NOT NULL,
    -- SHA-256 of all its sorted items.
    items_sha256    TEXT    NOT NULL,
    -- Follows from the batches; kept here so that lists need not ask them.
    state           TEXT    NOT NULL,
    ended_at        BIGINT,
    -- A JSON list of the freeze windows that it overrode.
    overridden_freezes TEXT,
    -- The trace of the request, as W3C's traceparent, where traces are recorded.
    trace_parent    TEXT
);

CREATE INDEX invalidation_by_time ON invalidation (requested_at DESC, id DESC);
CREATE INDEX invalidation_by_distribution ON invalidation (distribution_id, requested_at DESC, id DESC);

-- Those of one person or token by name, and those made outside, for the history.
CREATE INDEX invalidation_by_name ON invalidation (actor_name, requested_at DESC, id DESC);
CREATE INDEX invalidation_outside ON invalidation (requested_at DESC, id DESC) WHERE actor_kind = 'outside';

-- The last one that was requested here, for what changed since.
CREATE INDEX invalidation_requested_here ON invalidation (distribution_id, requested_at DESC)
    WHERE actor_kind <> 'outside';
CREATE INDEX invalidation_active ON invalidation (requested_at DESC, id DESC)
    WHERE state IN ('queued', 'in_progress', 'needs_a_look');

-- What did not end well is rare and often looked for. A new invalidation is in none of these.
CREATE INDEX invalidation_unsuccessful ON invalidation (state, requested_at DESC, id DESC)
    WHERE state IN ('failed', 'cancelled');
CREATE INDEX invalidation_unsuccessful_by_distribution
    ON invalidation (distribution_id, state, requested_at DESC, id DESC)
    WHERE state IN ('failed', 'cancelled');

CREATE INDEX invalidation_by_items ON invalidation (distribution_id, items_sha256, requested_at DESC);

-- Items that an actor requested in the last day.
CREATE INDEX invalidation_by_actor ON invalidation (actor_kind, actor_id, requested_at, item_count);

CREATE TABLE batch (
    id               TEXT    NOT NULL PRIMARY KEY,
    -- NULL: it was merged from the batches that name it in merged_into.
    invalidation_id  TEXT    REFERENCES invalidation (id),
    distribution_id  TEXT    NOT NULL REFERENCES distribution (id),
    number           BIGINT NOT NULL,
    caller_reference TEXT    NOT NULL,
    items            TEXT    NOT NULL, -- a JSON list, sorted
    path_count       BIGINT NOT NULL,
    wildcard_count   BIGINT NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN (
        'queued', 'merged', 'submitting', 'in_progress', 'completed', 'cancelled', 'failed', 'lost',
        'needs_a_look')),
    attempts         BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    due_at           BIGINT NOT NULL,
    lease            TEXT,
    lease_until      BIGINT,
    first_sent_at    BIGINT,
    accepted_at      BIGINT,
    look_at          BIGINT,
    completed_at     BIGINT,
    cloudfront_id    TEXT,
    aws_request_id   TEXT,
    problem_kind     TEXT,
    problem_code     TEXT,
    problem_message  TEXT,
    -- The number of the first of the two batches that replaced it; the second one follows.
    cut_into         BIGINT,
    -- When it was to be sent before a freeze window put it off.
    put_off_from     BIGINT,
    -- The batch that is sent in its place, together with others.
    merged_into      TEXT,
    -- Whether it is not merged, because CloudFront refused it, or what it was merged into.
    alone            BOOLEAN NOT NULL DEFAULT FALSE,
    -- It waited in a backup that was restored, and was perhaps sent since this moment.
    restored_from    BIGINT,
    CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    UNIQUE (invalidation_id, number),
    UNIQUE (distribution_id, caller_reference),
    UNIQUE (distribution_id, cloudfront_id)
);

CREATE INDEX batch_to_send ON batch (distribution_id, number, created_at) WHERE state IN ('queued', 'submitting');
CREATE INDEX batch_to_watch ON batch (distribution_id, look_at) WHERE state = 'in_progress';
CREATE INDEX batch_merged ON batch (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX batch_billed ON batch (accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX batch_completed ON batch (distribution_id, completed_at) WHERE completed_at IS NOT NULL;

-- What counts for the budgets of a month: what CloudFront took, and what is still to be sent, at the time when it is due.
-- What was merged counts once.
CREATE INDEX batch_counted ON batch (distribution_id, COALESCE(accepted_at, due_at), path_count, wildcard_count)
    WHERE state NOT IN ('cancelled', 'failed', 'merged');

CREATE TABLE monthly_budget (
    scope_kind TEXT    NOT NULL CHECK (scope_kind IN ('account', 'distribution', 'group', 'person', 'token')),
    scope_id   TEXT    NOT NULL,
    -- Above soft_items a request is warned of, above hard_items it is refused.
    soft_items BIGINT,
    hard_items BIGINT,
    PRIMARY KEY (scope_kind, scope_id),
    CHECK (soft_items IS NOT NULL OR hard_items IS NOT NULL),
    CHECK (soft_items <= hard_items)
);

-- Times in which a wide request needs an override and a reason.
CREATE TABLE freeze_window (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    why           TEXT    NOT NULL,
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    distributions TEXT, -- a JSON list of IDs; without it, all
    CHECK (from_at < until_at)
);

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
    expected        TEXT    NOT NULL DEFAULT 'new_version',
    warm            BOOLEAN NOT NULL DEFAULT FALSE,
    items           TEXT    NOT NULL, -- a JSON list, sorted
    items_sha256    TEXT    NOT NULL,
    first_item      TEXT    NOT NULL,
    asked_at        BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'approved', 'declined')),
    decided_kind    TEXT,
    decided_id      TEXT,
    decided_name    TEXT,
    decided_at      BIGINT,
    word            TEXT    NOT NULL DEFAULT '',
    invalidation_id TEXT
);

CREATE INDEX proposal_by_time ON proposal (asked_at DESC, id DESC);
CREATE INDEX proposal_by_distribution ON proposal (distribution_id, asked_at DESC, id DESC);

-- Those that expired still say that they wait.
CREATE INDEX proposal_waiting ON proposal (expires_at, distribution_id, behind, actor_kind, actor_id) WHERE state = 'waiting';

CREATE TABLE idempotency (
    -- A hash of the actor and the key.
    request_key TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of all that the request asked for.
    fingerprint TEXT    NOT NULL,
    answer      TEXT    NOT NULL CHECK (answer IN ('accepted', 'held_back', 'proposed')),
    answer_id   TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL
);

-- Invalidations made outside of which CloudTrail may still say who made them.
CREATE TABLE untraced (
    invalidation_id TEXT    NOT NULL PRIMARY KEY REFERENCES invalidation (id),
    made_at         BIGINT NOT NULL,
    round           BIGINT NOT NULL   -- the reading of CloudTrail that looks for it; 0 before the first
);

CREATE INDEX untraced_by_time ON untraced (made_at);
