-- Notifications: who is told what, and the messages that are sent.

CREATE TABLE notification_channel (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    kind         TEXT    NOT NULL CHECK (kind IN ('webhook', 'slack', 'teams', 'teams_card', 'email', 'sns', 'eventbridge')),
    -- What is shown of where messages go: the e-mail address, the ARN, or the host of the URL. The URL itself is
    -- encrypted: who knows it can post there.
    destination  TEXT    NOT NULL,
    address      TEXT,
    -- How the messages of a webhook are signed, and the key, encrypted.
    signing      TEXT    CHECK (signing IN ('hmac', 'ed25519')),
    signing_key  TEXT,
    -- The earlier key, with which messages are signed too until its end.
    earlier_key  TEXT,
    earlier_until BIGINT,
    rules        TEXT    NOT NULL, -- a JSON list
    is_on        BOOLEAN NOT NULL,
    off_because  TEXT    NOT NULL,
    created_at   BIGINT NOT NULL,
    delivered_at BIGINT,
    -- How often in a row its receiver did not take a message, why, and when it is tried again.
    failures     BIGINT NOT NULL,
    problem      TEXT    NOT NULL,
    retry_at     BIGINT,
    CHECK ((signing IS NULL) = (signing_key IS NULL)),
    CHECK ((address IS NULL) = (kind IN ('email', 'sns', 'eventbridge')))
);

-- Messages, in the order in which they began.
CREATE TABLE notification_message (
    number      BIGINT NOT NULL PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    channel_id  TEXT    NOT NULL REFERENCES notification_channel (id),
    topic       TEXT    NOT NULL,
    -- Notices of the same topic and run share a message as long as it was not tried.
    run_key     TEXT    NOT NULL,
    notices     BIGINT NOT NULL, -- the number of its notices
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    created_at  BIGINT NOT NULL,
    due_at      BIGINT, -- when it is tried; empty for one that has ended
    tries       BIGINT NOT NULL,
    lease       TEXT,
    lease_until BIGINT,
    problem     TEXT    NOT NULL, -- what the last try met
    ended_at    BIGINT,
    give_up_at  BIGINT NOT NULL, -- when it is tried no more
    kept_until  BIGINT -- when it is deleted; empty for one that waits
);

CREATE INDEX notification_message_by_channel ON notification_message (channel_id, number);
CREATE INDEX notification_message_due ON notification_message (channel_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notification_message_given_up ON notification_message (channel_id, number) WHERE state = 'given_up';
-- Those that another notice can still be added to.
CREATE INDEX notification_message_untried ON notification_message (channel_id, topic, run_key, number)
    WHERE state = 'waiting' AND tries = 0;
CREATE INDEX notification_message_kept ON notification_message (kept_until) WHERE kept_until IS NOT NULL;
CREATE INDEX notification_message_leased ON notification_message (channel_id, lease_until) WHERE lease IS NOT NULL;

-- What happened, once for each channel that is told of it.
CREATE TABLE notification_notice (
    channel_id      TEXT    NOT NULL REFERENCES notification_channel (id),
    notice_key      TEXT    NOT NULL,
    message_number  BIGINT NOT NULL REFERENCES notification_message (number),
    invalidation_id TEXT,
    notice          TEXT    NOT NULL, -- JSON
    PRIMARY KEY (channel_id, notice_key)
);

CREATE INDEX notification_notice_by_message ON notification_notice (message_number);
CREATE INDEX notification_notice_by_invalidation ON notification_notice (channel_id, invalidation_id, message_number)
    WHERE invalidation_id IS NOT NULL;

-- The last event of the history that was looked at for notices, and the number of the last message.
CREATE TABLE notification_progress (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    messages BIGINT NOT NULL
);

INSERT INTO notification_progress (id, sequence, messages) VALUES (1, 0, 0);
