-- Most orders are fresh ones of the first type without a discount, and most lines are one unit of the
-- first line: what a row need not name MySQL need not parse. Order_transition needs none, because the
-- creation of an order has no row there any more.
ALTER TABLE orders
  ALTER COLUMN order_type SET DEFAULT 1,
  ALTER COLUMN state SET DEFAULT 1,
  ALTER COLUMN version SET DEFAULT 1,
  ALTER COLUMN discount_minor SET DEFAULT 0;

ALTER TABLE order_line
  ALTER COLUMN line_no SET DEFAULT 0,
  ALTER COLUMN title SET DEFAULT '',
  ALTER COLUMN quantity SET DEFAULT 1;
