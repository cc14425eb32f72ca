-- API tokens, for pipelines. A token's secret is shown once; only its SHA-256 is kept.

CREATE TABLE api_token (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    token_hash   TEXT   NOT NULL UNIQUE,
    -- How the secret begins, so that people tell tokens apart.
    shown        TEXT   NOT NULL,
    role         TEXT   NOT NULL CHECK (role IN ('viewer', 'operator')),
    -- Who answers for it: a person's ID, empty for one made on the command line.
    made_by      TEXT   NOT NULL,
    made_by_name TEXT   NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    scope        TEXT   NOT NULL DEFAULT 'granted' CHECK (scope IN ('everything', 'granted'))
) STRICT;

-- Those that are good come before those that were revoked.
CREATE INDEX api_token_by_name ON api_token ((revoked_at IS NOT NULL), name);
CREATE INDEX api_token_by_maker ON api_token (made_by, name) WHERE revoked_at IS NULL;
