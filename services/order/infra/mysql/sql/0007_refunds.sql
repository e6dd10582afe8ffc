-- Units of orders that were refunded line by line; a row per line of a refund. A refund makes a version
-- of its order, and its rows are never changed. `returned` says whether the units went back on sale.
CREATE TABLE IF NOT EXISTS order_refund (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  version INT NOT NULL,
  line_no TINYINT UNSIGNED NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quantity INT NOT NULL,
  amount_minor BIGINT NOT NULL,
  returned TINYINT NOT NULL,
  reason VARCHAR(200) NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, version, line_no),
  UNIQUE KEY by_request (shard_no, order_id, request_id, line_no),
  CONSTRAINT order_refund_holds CHECK (quantity > 0 AND amount_minor >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Their sum; NULL, which takes no room, while there are none. So most reads need not look for them.
-- Last, so that adding it is instant. MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'orders' AND column_name = 'refunded_minor') = 0,
  'ALTER TABLE orders ADD COLUMN refunded_minor BIGINT NULL', 'DO 0');
PREPARE add_refunded FROM @add;
EXECUTE add_refunded;
DEALLOCATE PREPARE add_refunded;
