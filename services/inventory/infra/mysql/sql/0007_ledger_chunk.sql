-- Every change of a SKU's available units, numbered without gaps by the stock row's version. A row
-- holds the entries that one transaction wrote for one SKU: `entries` of them, from number `entry` on,
-- one after the other in `moves`, whose form stands in ledger-chunk.ts.
CREATE TABLE IF NOT EXISTS ledger_chunk (
  shard_no TINYINT UNSIGNED NOT NULL,
  sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  entry BIGINT NOT NULL,
  entries SMALLINT UNSIGNED NOT NULL,
  before_units BIGINT NOT NULL,
  after_units BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  moves TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (shard_no, sku_id, entry),
  CONSTRAINT ledger_chunk_entries CHECK (entries BETWEEN 1 AND 400)
) ENGINE = InnoDB;

-- It takes the place of a table of single entries. That is put aside first: a process of the version
-- before, which still writes to it, is refused from then on instead of losing what it writes.
SET @aside = IF((SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
  AND table_name = 'ledger') = 1, 'RENAME TABLE ledger TO ledger_entry', 'DO 0');
PREPARE put_aside FROM @aside;
EXECUTE put_aside;
DEALLOCATE PREPARE put_aside;

-- All or nothing, in one statement; entries that are there already were carried over by a start that
-- ended before the next step.
SET @carry = IF((SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
  AND table_name = 'ledger_entry') = 1,
  'INSERT INTO ledger_chunk
     (shard_no, sku_id, entry, entries, before_units, after_units, at_ms, moves)
   SELECT shard_no, sku_id, entry, 1, before_units, after_units, at_ms, CONCAT(
     CASE
       WHEN reason = 2 AND after_units = before_units - 1 THEN ''''
       WHEN after_units > before_units THEN CONCAT(reason, ''+'', after_units - before_units, '' '')
       WHEN after_units < before_units THEN CONCAT(reason, after_units - before_units, '' '')
       ELSE CONCAT(reason, '' '')
     END, order_id, '' '', cause_id)
   FROM ledger_entry
   ON DUPLICATE KEY UPDATE entry = ledger_chunk.entry', 'DO 0');
PREPARE carry_over FROM @carry;
EXECUTE carry_over;
DEALLOCATE PREPARE carry_over;

DROP TABLE IF EXISTS ledger_entry;
