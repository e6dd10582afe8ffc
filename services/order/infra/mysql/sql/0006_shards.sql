-- Which shards may be read and written on this server: platform/mysql/shard-gate.ts. The service places
-- a row per shard when it starts; after that only the mover changes them.
CREATE TABLE IF NOT EXISTS shard_gate (
  shard_no TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  state TINYINT NOT NULL,
  epoch BIGINT NOT NULL,
  peer VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  touched_ms BIGINT NOT NULL,
  CONSTRAINT gate_holds CHECK (state BETWEEN 1 AND 4)
) ENGINE = InnoDB;
