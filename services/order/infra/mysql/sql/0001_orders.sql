-- Orders, sharded by user: shard_no is the gene inside the order id. Times are milliseconds by the
-- clock of this server. Every statement can be repeated, because DDL cannot be rolled back.

-- state 0 is a tombstone: no order can commit under its id any more.
CREATE TABLE IF NOT EXISTS orders (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  user_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_type TINYINT NOT NULL,
  state TINYINT NOT NULL,
  version INT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  total_minor BIGINT NOT NULL,
  discount_minor BIGINT NOT NULL,
  payable_minor BIGINT NOT NULL,
  payment_deadline_ms BIGINT NOT NULL,
  -- When to look at an unpaid order again; NULL once it is no longer pending.
  due_ms BIGINT NULL,
  paid_ms BIGINT NULL,
  carrier VARCHAR(64) NULL,
  tracking_number VARCHAR(64) NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id),
  UNIQUE KEY by_request (shard_no, user_id, request_id),
  KEY by_user (shard_no, user_id, order_id),
  KEY due (due_ms),
  CONSTRAINT amounts_hold CHECK (
    discount_minor >= 0 AND payable_minor >= 0 AND payable_minor = total_minor - discount_minor
  ),
  CONSTRAINT state_holds CHECK (state BETWEEN 0 AND 6 AND version >= 0),
  CONSTRAINT due_while_pending CHECK ((due_ms IS NOT NULL) = (state = 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS order_line (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  line_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(200) NOT NULL,
  quantity INT NOT NULL,
  unit_price_minor BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, line_no),
  CONSTRAINT line_holds CHECK (quantity > 0 AND unit_price_minor >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per version of an order; from_state is NULL for its creation.
CREATE TABLE IF NOT EXISTS order_transition (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  version INT NOT NULL,
  from_state TINYINT NULL,
  to_state TINYINT NOT NULL,
  operator VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  remark VARCHAR(200) NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Sharded by SKU.
CREATE TABLE IF NOT EXISTS offer (
  shard_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(200) NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  unit_price_minor BIGINT NOT NULL,
  user_limit INT NOT NULL,
  opens_ms BIGINT NULL,
  closes_ms BIGINT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (shard_no, sku_id),
  CONSTRAINT price_holds CHECK (unit_price_minor >= 0 AND user_limit >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS outbox (
  shard_no TINYINT UNSIGNED NOT NULL,
  aggregate_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT NOT NULL,
  kind VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload TEXT NOT NULL,
  due_ms BIGINT NOT NULL,
  attempts INT NOT NULL,
  parked_reason VARCHAR(200) NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, aggregate_id, version, kind),
  KEY due (due_ms)
) ENGINE = InnoDB;
