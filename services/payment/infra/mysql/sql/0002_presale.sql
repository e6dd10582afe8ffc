-- A presale has two payments: ordinal 1 is its deposit, ordinal 2 its balance, which cannot be started
-- before this. NULL and last, so that adding it is instant. MySQL has no ADD COLUMN IF NOT EXISTS, and
-- each statement must be repeatable.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'payment' AND column_name = 'opens_ms') = 0,
  'ALTER TABLE payment ADD COLUMN opens_ms BIGINT NULL', 'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;
