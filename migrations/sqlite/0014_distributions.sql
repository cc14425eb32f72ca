-- Multi-tenant distributions, and how often in a row AWS asked for a slower pace.

-- Filled by the next reading of the list.
ALTER TABLE distribution ADD COLUMN tenant_only INTEGER NOT NULL DEFAULT 0;

ALTER TABLE account ADD COLUMN read_throttles INTEGER NOT NULL DEFAULT 0;
