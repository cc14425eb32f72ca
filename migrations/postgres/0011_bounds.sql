-- What one sign-in is offered, and what one actor may spend.

-- The secret of the second step that the first code turns on; of this sign-in alone.
ALTER TABLE half_sign_in ADD COLUMN offered TEXT;

-- Items that an actor requested in the last day.
CREATE INDEX invalidation_by_actor ON invalidation (actor_kind, actor_id, requested_at, item_count);

-- The ways in as the last start found them, a line for each setting; secrets only as set or not.
CREATE TABLE ways_in (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    facts TEXT    NOT NULL
);
