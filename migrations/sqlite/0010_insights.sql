-- Insights: sums of the history, kept so that a page of one month reads a month, however long the history is.
-- A day is the number of days since 1970-01-01 in UTC; a month is its first day.

-- No column refers to a distribution: what an event names is counted, and never stops the count.
CREATE TABLE daily_sum (
    day             INTEGER NOT NULL,
    distribution_id TEXT    NOT NULL,
    requested       INTEGER NOT NULL, -- invalidations that were requested here
    outside         INTEGER NOT NULL, -- those made with the console or another tool
    items           INTEGER NOT NULL, -- what both asked for
    paths           INTEGER NOT NULL, -- billable paths that CloudFront accepted from here
    paths_outside   INTEGER NOT NULL,
    many            INTEGER NOT NULL, -- invalidations with so many single paths that a tag would have cost less
    many_paths      INTEGER NOT NULL,
    wildcards_save  INTEGER NOT NULL, -- paths that wildcards would have saved
    fresh           INTEGER NOT NULL, -- what the first look at an invalidation came to
    unchanged       INTEGER NOT NULL,
    stale           INTEGER NOT NULL,
    broken          INTEGER NOT NULL,
    unclear         INTEGER NOT NULL,
    PRIMARY KEY (day, distribution_id)
) STRICT, WITHOUT ROWID;

-- How many invalidations took how long from accepted to completed, by the ranges of the program.
CREATE TABLE daily_completion (
    day             INTEGER NOT NULL,
    distribution_id TEXT    NOT NULL,
    time_range      INTEGER NOT NULL,
    invalidations   INTEGER NOT NULL,
    PRIMARY KEY (day, distribution_id, time_range)
) STRICT, WITHOUT ROWID;

-- How often something occurred in a month. Of each kind, month and distribution a bounded number of names is kept.
CREATE TABLE monthly_count (
    month           INTEGER NOT NULL,
    kind            TEXT    NOT NULL
        CHECK (kind IN ('item', 'person', 'token', 'outside', 'wildcard', 'failure')),
    distribution_id TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    times           INTEGER NOT NULL,
    paths           INTEGER NOT NULL,
    most            INTEGER NOT NULL, -- the most paths at one time, and the day of it
    most_on         INTEGER NOT NULL,
    weight          INTEGER NOT NULL, -- the smallest one leaves where a new name needs room
    PRIMARY KEY (month, kind, distribution_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX monthly_count_by_paths ON monthly_count (month, kind, paths DESC, distribution_id, name);

-- The last event of the history that is in the sums.
CREATE TABLE insights_cursor (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;

INSERT INTO insights_cursor (id, sequence) VALUES (1, 0);
