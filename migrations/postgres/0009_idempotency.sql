-- What a program's request with an idempotency key was answered with. Kept as long as the invalidation itself.

CREATE TABLE idempotency (
    -- A hash of the actor and the key.
    request_key TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of all that the request asked for.
    fingerprint TEXT    NOT NULL,
    answer      TEXT    NOT NULL CHECK (answer IN ('accepted', 'held_back', 'proposed')),
    answer_id   TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL
);
