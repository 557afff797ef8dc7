CREATE TABLE orders AS
SELECT
  order_id,
  MIN(created_at) AS created_at,
  MIN(website_session_id) AS website_session_id,
  SUM(CASE WHEN is_primary_item = 1 THEN product_id ELSE NULL END) AS primary_product_id,
  COUNT(order_item_id) AS items_purchased,
  SUM(price_usd) AS price_usd,
  SUM(cogs_usd) AS cogs_usd
FROM order_items
GROUP BY 1
ORDER BY 1;

ALTER TABLE orders ADD PRIMARY KEY (order_id);

CREATE TRIGGER insert_new_orders AFTER INSERT ON order_items FOR EACH ROW
REPLACE INTO orders
SELECT
  order_id,
  MIN(created_at) AS created_at,
  MIN(website_session_id) AS website_session_id,
  SUM(CASE WHEN is_primary_item = 1 THEN product_id ELSE NULL END) AS primary_product_id,
  COUNT(order_item_id) AS items_purchased,
  SUM(price_usd) AS price_usd,
  SUM(cogs_usd) AS cogs_usd
FROM order_items
WHERE order_id = NEW.order_id
GROUP BY 1
ORDER BY 1;

INSERT INTO order_items VALUES
  (10200, '2014-01-01 00:46:30', 10034, 49.99, 19.49, 175252, 1, 1),
  (10201, '2014-01-01 02:17:23', 10035, 49.99, 19.49, 175253, 1, 1),
  (10202, '2014-01-01 02:17:23', 10035, 59.99, 22.49, 175253, 2, 0),
  (10203, '2014-01-01 03:00:00', 10036, 49.99, 19.49, 175254, 1, 1);

-- The trigger knows of inserts only: this order's price, and an order without items, stay.
UPDATE order_items SET price_usd = 44.99 WHERE order_item_id = 10200;

DELETE FROM order_items WHERE order_item_id = 10203;
