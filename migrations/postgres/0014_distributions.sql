-- Multi-tenant distributions, and how often in a row AWS asked for a slower pace.

-- Filled by the next reading of the list.
ALTER TABLE distribution ADD COLUMN tenant_only BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE account ADD COLUMN read_throttles BIGINT NOT NULL DEFAULT 0;
