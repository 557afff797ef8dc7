ALTER TABLE order_items ADD COLUMN is_primary_item INT;

UPDATE order_items SET is_primary_item = 1 WHERE order_item_id > 0;

INSERT INTO order_items VALUES
  (5577, '2013-07-01 00:03:53', 5577, 49.99, 19.49, 107047, 1, 1),
  (9100, '2013-12-12 10:01:00', 9001, 49.99, 19.49, 170001, 1, 1),
  (9101, '2013-12-12 10:01:00', 9001, 59.99, 22.49, 170001, 2, 0);
