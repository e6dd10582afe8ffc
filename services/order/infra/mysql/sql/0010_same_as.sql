-- Three values of most new orders are those of other columns: without a discount the sum is the price,
-- an unpaid order is looked at again at its deadline, and a new one has not changed. What a row need not
-- name MySQL need not parse.
ALTER TABLE orders
  ALTER COLUMN payable_minor SET DEFAULT (total_minor),
  ALTER COLUMN due_ms SET DEFAULT (payment_deadline_ms),
  ALTER COLUMN updated_ms SET DEFAULT (created_ms);
