-- Probes: programs at other places that look at what viewers get there.

-- A probe's token is shown once; only its SHA-256 is kept. It opens what is for probes, and nothing else.
CREATE TABLE probe (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    token_hash   TEXT   NOT NULL UNIQUE,
    -- How the secret begins, so that people tell tokens apart.
    shown        TEXT   NOT NULL,
    -- Who answers for it: a person's ID, empty for one made on the command line.
    made_by      TEXT   NOT NULL,
    made_by_name TEXT   NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    contact_at   INTEGER,
    revoked_at   INTEGER
) STRICT;

-- Those that are good come before those that were revoked.
CREATE INDEX probe_by_name ON probe ((revoked_at IS NOT NULL), name);

-- The newest round of looks of each check run that probes may make too.
CREATE TABLE probe_round (
    run_id   TEXT   NOT NULL PRIMARY KEY REFERENCES check_run (id),
    round    INTEGER NOT NULL,
    began_at INTEGER NOT NULL
) STRICT;

CREATE INDEX probe_round_began ON probe_round (began_at);

-- The last round of a run that a probe was given, and whether it has handed in its looks.
CREATE TABLE probe_offer (
    probe_id   TEXT   NOT NULL REFERENCES probe (id),
    run_id     TEXT   NOT NULL REFERENCES check_run (id),
    round      INTEGER NOT NULL,
    offered_at INTEGER NOT NULL,
    answered   INTEGER NOT NULL,
    PRIMARY KEY (probe_id, run_id)
) STRICT;

-- Where a run is deleted, its offers go with it.
CREATE INDEX probe_offer_by_run ON probe_offer (run_id);

-- What a probe saw of one URL of a run after completion. The verdict follows a moment after the look.
CREATE TABLE vantage_check (
    run_id   TEXT   NOT NULL,
    number   INTEGER NOT NULL,
    probe_id TEXT   NOT NULL REFERENCES probe (id),
    after    TEXT   NOT NULL, -- a look, as in url_check
    verdict  TEXT,
    cause    TEXT,
    step     TEXT   NOT NULL,
    PRIMARY KEY (run_id, number, probe_id),
    FOREIGN KEY (run_id, number) REFERENCES url_check (run_id, number)
) STRICT;

CREATE INDEX vantage_check_unjudged ON vantage_check (run_id) WHERE verdict IS NULL;
