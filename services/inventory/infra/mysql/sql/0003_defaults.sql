-- Most reservations are one unit of one line, and most ledger entries are theirs. What a row need not
-- name MySQL need not parse. Nobody has ever read created_ms: the ledger tells when.
ALTER TABLE reservation
  DROP COLUMN created_ms,
  ALTER COLUMN line_no SET DEFAULT 0,
  ALTER COLUMN quantity SET DEFAULT 1,
  ALTER COLUMN limited SET DEFAULT 0,
  ALTER COLUMN state SET DEFAULT 1;

ALTER TABLE ledger ALTER COLUMN reason SET DEFAULT 2;
