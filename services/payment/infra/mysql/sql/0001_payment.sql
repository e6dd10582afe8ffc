-- Payments, their attempts, their refunds, and what was heard from the provider. Everything of one
-- order lives in one shard (the gene of the order id), so each change is one local transaction.
-- States are the numbers of the contract's enums: PaymentState 1 NOT_STARTED, 2 PENDING,
-- 3 INITIALISED, 4 PROCESSING, 5 SUCCEEDED, 6 FAILED, 7 CANCELLED, 8 TIMED_OUT. RefundState
-- 1 PENDING, 2 SUCCEEDED, 3 PARKED. Times are milliseconds of this server's clock.

-- A tombstone (cancelled before it was created) has user_id '' and amount 0.
CREATE TABLE IF NOT EXISTS payment (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  ordinal TINYINT UNSIGNED NOT NULL DEFAULT 1,
  user_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state TINYINT UNSIGNED NOT NULL DEFAULT 1,
  version BIGINT NOT NULL DEFAULT 1,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor BIGINT NOT NULL,
  captured_minor BIGINT NOT NULL DEFAULT 0,
  refunded_minor BIGINT NOT NULL DEFAULT 0,
  provider_number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  attempt_no INT UNSIGNED NOT NULL DEFAULT 0,
  -- When the resolver asks the provider next, NULL while nothing is open there.
  due_ms BIGINT NULL,
  deadline_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL DEFAULT (CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)),
  updated_ms BIGINT NOT NULL DEFAULT (CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)),
  PRIMARY KEY (shard_no, order_id, ordinal),
  KEY due (due_ms),
  CONSTRAINT payment_captured CHECK (captured_minor = 0 OR captured_minor = amount_minor),
  CONSTRAINT payment_refunded CHECK (refunded_minor >= 0 AND refunded_minor <= captured_minor),
  CONSTRAINT payment_amount CHECK (amount_minor >= 0)
) ENGINE = InnoDB;

-- One try to charge. Its key at the provider is p-<order_id>-<attempt_no>.
CREATE TABLE IF NOT EXISTS payment_attempt (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  ordinal TINYINT UNSIGNED NOT NULL DEFAULT 1,
  attempt_no INT UNSIGNED NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  method VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state TINYINT UNSIGNED NOT NULL,
  provider_number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  redirect_url VARCHAR(2048) CHARACTER SET utf8mb4 NOT NULL DEFAULT '',
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, ordinal, attempt_no),
  UNIQUE KEY by_request (shard_no, order_id, ordinal, request_id)
) ENGINE = InnoDB;

-- The log: one row per version after the first. Amounts change without a change of state too.
CREATE TABLE IF NOT EXISTS payment_transition (
  shard_no TINYINT UNSIGNED NOT NULL,
  order_id BIGINT NOT NULL,
  ordinal TINYINT UNSIGNED NOT NULL DEFAULT 1,
  version BIGINT NOT NULL,
  from_state TINYINT UNSIGNED NOT NULL,
  to_state TINYINT UNSIGNED NOT NULL,
  cause VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, order_id, ordinal, version)
) ENGINE = InnoDB;

-- Which events of the provider were applied: the second copy finds the first one here.
CREATE TABLE IF NOT EXISTS provider_event (
  shard_no TINYINT UNSIGNED NOT NULL,
  event_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id BIGINT NOT NULL,
  kind VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  received_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, event_id)
) ENGINE = InnoDB;

-- Money on its way back. A surplus refund returns a second charge of the same payment, which the
-- payment's captured and refunded amounts do not count.
CREATE TABLE IF NOT EXISTS refund (
  shard_no TINYINT UNSIGNED NOT NULL,
  refund_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id BIGINT NOT NULL,
  ordinal TINYINT UNSIGNED NOT NULL DEFAULT 1,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor BIGINT NOT NULL,
  state TINYINT UNSIGNED NOT NULL,
  surplus TINYINT UNSIGNED NOT NULL DEFAULT 0,
  reason VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
  provider VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The charge that is paid back, and the provider's number of the refund itself.
  charge_number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, refund_id),
  KEY by_payment (shard_no, order_id, ordinal),
  CONSTRAINT refund_amount CHECK (amount_minor > 0)
) ENGINE = InnoDB;

-- News for the order service and requests to the provider that still have to be delivered.
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
