-- A presale is paid in two parts: state 7 is the one between them, in which the order has a due time
-- as it has in state 1.

-- Terms as JSON, of one unit in an offer and of all units in an order; NULL for what is paid at once.
-- Last, so that adding it is instant. MySQL has no ADD COLUMN IF NOT EXISTS, and each statement must
-- be repeatable.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'orders' AND column_name = 'presale') = 0,
  'ALTER TABLE orders ADD COLUMN presale TEXT NULL', 'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;

SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'offer' AND column_name = 'presale') = 0,
  'ALTER TABLE offer ADD COLUMN presale TEXT NULL', 'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;

-- All rules at once, because checking what is there reads the whole table.
SET @ddl = IF((SELECT COUNT(*) FROM information_schema.check_constraints
  WHERE constraint_schema = DATABASE() AND constraint_name = 'state_holds') = 0,
  'DO 0',
  'ALTER TABLE orders DROP CONSTRAINT state_holds, DROP CONSTRAINT due_while_pending,
    ADD CONSTRAINT state_known CHECK (state BETWEEN 0 AND 7 AND version >= 0),
    ADD CONSTRAINT due_while_unpaid CHECK ((due_ms IS NOT NULL) = (state IN (1, 7))),
    ADD CONSTRAINT deposit_of_presale CHECK (state <> 7 OR presale IS NOT NULL)');
PREPARE widen FROM @ddl;
EXECUTE widen;
DEALLOCATE PREPARE widen;
