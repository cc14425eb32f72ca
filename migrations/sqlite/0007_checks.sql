-- Checks: whether viewers get what an invalidation was for.

-- A distribution without a row has the default settings.
CREATE TABLE check_settings (
    distribution_id  TEXT NOT NULL PRIMARY KEY REFERENCES distribution (id),
    enabled          INTEGER NOT NULL,
    host             TEXT,
    urls             TEXT NOT NULL, -- a JSON list
    headers          TEXT NOT NULL, -- a JSON list of lists of name and value
    secret_headers   TEXT NOT NULL, -- the same with encrypted values
    must_contain     TEXT,
    must_not_contain TEXT,
    cors_origin      TEXT,
    ask_origin       INTEGER NOT NULL,
    compressed       INTEGER NOT NULL,
    edge_locations   TEXT NOT NULL, -- a JSON list
    apis             TEXT NOT NULL -- a JSON list of the APIs behind the site, with their headers as above
) STRICT;

CREATE TABLE check_run (
    id              TEXT   NOT NULL PRIMARY KEY,
    distribution_id TEXT   NOT NULL REFERENCES distribution (id),
    invalidation_id TEXT   UNIQUE REFERENCES invalidation (id),
    created_at      INTEGER NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('before', 'waiting', 'after', 'done')),
    round           INTEGER NOT NULL,
    freshness       TEXT   NOT NULL,
    due_at          INTEGER, -- when the next looks are made
    lease           TEXT,
    lease_until     INTEGER,
    kept_until      INTEGER -- when it is deleted once it is done; empty for one that is kept for ever
) STRICT;

CREATE INDEX check_run_due ON check_run (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX check_run_leased ON check_run (distribution_id, lease_until) WHERE lease IS NOT NULL;
CREATE INDEX check_run_kept ON check_run (kept_until) WHERE kept_until IS NOT NULL;
CREATE INDEX check_run_open ON check_run (state) WHERE state <> 'done';
CREATE INDEX check_run_by_distribution ON check_run (distribution_id, created_at DESC);
CREATE INDEX check_run_by_hand ON check_run (distribution_id, created_at DESC) WHERE invalidation_id IS NULL;

-- What was seen of one URL of a run. A look is JSON: what the answer's header said, and the hash of its body.
CREATE TABLE url_check (
    run_id     TEXT   NOT NULL REFERENCES check_run (id),
    number     INTEGER NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('url', 'api')), -- of the distribution, or the API behind the site
    url        TEXT   NOT NULL,
    batch_id   TEXT   REFERENCES batch (id),
    guessed    INTEGER NOT NULL,
    before     TEXT,
    after      TEXT,
    verdict    TEXT,
    cause      TEXT,
    step       TEXT   NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT;

-- What an edge location that people named answered for one URL of a run after completion, asked from the server.
CREATE TABLE location_check (
    run_id   TEXT   NOT NULL,
    number   INTEGER NOT NULL,
    location TEXT   NOT NULL, -- such as FRA50-C1
    after    TEXT, -- the last look at which it answered itself, as in url_check
    verdict  TEXT,
    cause    TEXT,
    step     TEXT   NOT NULL,
    silent   TEXT, -- the last look, where it gave no answer of its own
    PRIMARY KEY (run_id, number, location),
    FOREIGN KEY (run_id, number) REFERENCES url_check (run_id, number)
) STRICT;

-- The URLs of an invalidation that are fetched once when it has completed. Its row is made with the invalidation.
CREATE TABLE warming (
    invalidation_id TEXT   NOT NULL PRIMARY KEY REFERENCES invalidation (id),
    distribution_id TEXT   NOT NULL REFERENCES distribution (id),
    state           TEXT   NOT NULL CHECK (state IN ('waiting', 'running', 'done')),
    due_at          INTEGER, -- when the next URL is fetched; empty until the invalidation has ended
    lease           TEXT,
    lease_until     INTEGER,
    -- A JSON list, written once when it begins and emptied when it ends. Those that were fetched and those that failed
    -- are its beginning.
    urls            TEXT   NOT NULL DEFAULT '[]',
    planned         INTEGER NOT NULL DEFAULT 0,
    fetched         INTEGER NOT NULL DEFAULT 0,
    failed          INTEGER NOT NULL DEFAULT 0,
    left_out        INTEGER NOT NULL DEFAULT 0,
    failures        TEXT   NOT NULL DEFAULT '{}', -- a JSON object: how many of each kind
    remarks         TEXT   NOT NULL DEFAULT '[]', -- a JSON list of words
    ended           TEXT,
    finished_at     INTEGER
) STRICT;

CREATE INDEX warming_due ON warming (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX warming_leased ON warming (distribution_id, lease_until) WHERE lease IS NOT NULL;

-- The last event of the history that was read for new invalidations and for those that ended.
CREATE TABLE check_cursor (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;

-- The looks of a distribution's check-up: the last ones, and whether somebody waits for new ones.
CREATE TABLE check_up (
    distribution_id TEXT   NOT NULL PRIMARY KEY REFERENCES distribution (id),
    asked_at        INTEGER NOT NULL,
    actor_kind      TEXT   NOT NULL,
    actor_id        TEXT   NOT NULL,
    actor_name      TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('asked', 'looked')),
    lease           TEXT,
    lease_until     INTEGER,
    looked_at       INTEGER,
    looks           TEXT -- JSON: what was seen; no value of a key
) STRICT;

CREATE INDEX check_up_asked ON check_up (asked_at) WHERE state = 'asked';

-- The changed files of a distribution whose buckets are listed: the last comparison, and when the next one is due.
CREATE TABLE bucket_changes (
    distribution_id TEXT   NOT NULL PRIMARY KEY REFERENCES distribution (id),
    due_at          INTEGER, -- when the buckets are listed again
    asked_at        INTEGER, -- when somebody asked for a listing that is still to be made
    lease           TEXT,
    lease_until     INTEGER,
    looked_at       INTEGER,
    comparison      TEXT -- JSON: how many files changed, and the first of them
) STRICT;

CREATE INDEX bucket_changes_due ON bucket_changes (due_at) WHERE due_at IS NOT NULL;
