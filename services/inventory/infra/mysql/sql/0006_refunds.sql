-- Units that came back line by line while the rest of their reservation stayed sold. Rows are never
-- changed; a return that is sent again finds its own.
CREATE TABLE IF NOT EXISTS reservation_return (
  shard_no TINYINT UNSIGNED NOT NULL,
  reservation_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  return_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quantity INT NOT NULL,
  PRIMARY KEY (shard_no, reservation_id, return_id, sku_id),
  CONSTRAINT return_quantity CHECK (quantity > 0)
) ENGINE = InnoDB;

-- Their sum per line; NULL, which takes no room, while there are none. Last, so that adding it is
-- instant. MySQL knows no ADD COLUMN IF NOT EXISTS.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'reservation' AND column_name = 'returned') = 0,
  'ALTER TABLE reservation ADD COLUMN returned INT NULL', 'DO 0');
PREPARE add_returned FROM @add;
EXECUTE add_returned;
DEALLOCATE PREPARE add_returned;
