-- Numbers of charges were as long as the sandbox makes them. Stripe's checkout sessions have 66 characters
-- and may grow. Within 255 bytes longer columns are a change of words, not of rows; repeating it does
-- nothing.
ALTER TABLE payment
  MODIFY provider_number VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL;
ALTER TABLE payment_attempt
  MODIFY provider_number VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL;
ALTER TABLE refund
  MODIFY charge_number VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  MODIFY provider_number VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL;
-- An event's id may be made of such a number.
ALTER TABLE provider_event
  MODIFY event_id VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL;
