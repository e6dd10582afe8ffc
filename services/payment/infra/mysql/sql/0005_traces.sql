-- The trace in which a recorded order was made, so that its payment, which comes much later and by
-- another caller, is seen in it. NULL and last, so that adding it is instant.
SET @add = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
  AND table_name = 'payment' AND column_name = 'traceparent') = 0,
  'ALTER TABLE payment ADD COLUMN traceparent CHAR(55) CHARACTER SET ascii COLLATE ascii_bin NULL',
  'DO 0');
PREPARE add_column FROM @add;
EXECUTE add_column;
DEALLOCATE PREPARE add_column;
