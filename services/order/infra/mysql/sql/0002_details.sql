-- What orders know beside their lines, what they keep of offers, and what carriers tell. New columns
-- are NULL and last, so that adding one is instant. MySQL has no ADD COLUMN IF NOT EXISTS, and each
-- statement must be repeatable: a column that is there is not added again.

-- Title, price and attributes of what was bought, once per content: lines of the same shard share it.
CREATE TABLE IF NOT EXISTS snapshot (
  shard_no TINYINT UNSIGNED NOT NULL,
  hash CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(200) NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  unit_price_minor BIGINT NOT NULL,
  -- Pairs as JSON, by name; NULL when there are none.
  attributes TEXT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS order_tracking (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place VARCHAR(100) NOT NULL,
  text VARCHAR(200) NOT NULL,
  at_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, request_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- As JSON; NULL when the type has none.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'orders' AND column_name = 'details') = 0,
  'ALTER TABLE orders ADD COLUMN details TEXT NULL', 'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;

-- The line's title is empty when this is set.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'order_line' AND column_name = 'snapshot_hash') = 0,
  'ALTER TABLE order_line ADD COLUMN snapshot_hash CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NULL',
  'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;

-- As in the snapshot.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'offer' AND column_name = 'attributes') = 0,
  'ALTER TABLE offer ADD COLUMN attributes TEXT NULL', 'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;
