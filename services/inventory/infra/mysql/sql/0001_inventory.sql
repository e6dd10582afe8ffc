-- Stock: what may be sold. The arbiter's row: a reservation exists only if a transaction that held
-- this row's lock has moved its units. The constraints are the last line of defence.
CREATE TABLE IF NOT EXISTS stock (
  shard_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  available BIGINT NOT NULL,
  reserved BIGINT NOT NULL,
  sold BIGINT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY (shard_no, sku_id),
  CONSTRAINT stock_available CHECK (available >= 0),
  CONSTRAINT stock_reserved CHECK (reserved >= 0),
  CONSTRAINT stock_sold CHECK (sold >= 0),
  CONSTRAINT stock_conserved CHECK (total = available + reserved + sold)
) ENGINE = InnoDB;

-- One row per line of a part; all lines of a part share state and hold. A tombstone is line 0 with an
-- empty SKU, so that it collides with line 0 of a late reserve.
-- state: 1 RESERVED, 2 CONFIRMED, 3 RELEASED, 4 RETURNED. hold_until_ms is NULL once it is closed.
CREATE TABLE IF NOT EXISTS reservation (
  shard_no TINYINT UNSIGNED NOT NULL,
  reservation_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quantity INT NOT NULL,
  limited TINYINT NOT NULL,
  state TINYINT NOT NULL,
  epoch BIGINT NOT NULL,
  hold_until_ms BIGINT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, reservation_id, line_no),
  KEY due (hold_until_ms),
  CONSTRAINT reservation_quantity CHECK (quantity > 0 OR (quantity = 0 AND sku_id = ''))
) ENGINE = InnoDB;

-- Every change of a SKU's available units, numbered without gaps by the stock row's version.
-- reason: 1 RESTOCK, 2 RESERVE, 3 RELEASE, 4 CONFIRM, 5 RETURN.
CREATE TABLE IF NOT EXISTS ledger (
  shard_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  entry BIGINT NOT NULL,
  before_units BIGINT NOT NULL,
  after_units BIGINT NOT NULL,
  reason TINYINT NOT NULL,
  order_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  cause_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, sku_id, entry)
) ENGINE = InnoDB;

-- Units that a user holds or has bought of a SKU with a limit per user; survives the loss of Redis.
CREATE TABLE IF NOT EXISTS buyer (
  shard_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  units BIGINT NOT NULL,
  PRIMARY KEY (shard_no, sku_id, user_id),
  CONSTRAINT buyer_units CHECK (units >= 0)
) ENGINE = InnoDB;

-- Restock requests, for idempotency and for the audit: total = the sum of a SKU's deltas.
CREATE TABLE IF NOT EXISTS restock (
  shard_no TINYINT UNSIGNED NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  delta BIGINT NOT NULL,
  reason VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, request_id),
  KEY by_sku (shard_no, sku_id)
) ENGINE = InnoDB;
