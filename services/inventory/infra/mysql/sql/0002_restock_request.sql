-- Who owns a restock's request id. It lies on the shard of the id, because the restock lies on the
-- shard of its SKU, where the same id with another SKU would not be seen. A claim whose restock never
-- came, or was refused, moves no unit; the retry of the same body finds it and goes on.
CREATE TABLE IF NOT EXISTS restock_request (
  shard_no TINYINT UNSIGNED NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  delta BIGINT NOT NULL,
  PRIMARY KEY (shard_no, request_id)
) ENGINE = InnoDB;
