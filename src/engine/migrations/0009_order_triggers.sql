-- Orders follow their items, whoever changes them, under every isolation level.
--
-- The row of the order is the lock: every trigger takes it, so that two sessions that
-- change items of one order pass one after the other. An insert then needs no look at the
-- other items: it adds to what the locked row says (in place: a REPLACE would delete the
-- row, and break or fire what refers to it). An update and a delete must look (the item
-- that goes may have been the earliest, or the primary one); LOCK IN SHARE MODE makes that
-- read the newest rows and not the transaction's snapshot, which would lose updates.
-- Two sessions that change two items of one order at the same moment may deadlock; the
-- server then rolls one back, and it is right to try that again.

DELIMITER //

-- @unless own trigger order_items_after_insert
CREATE DEFINER = `ecomdb_definer`@`localhost` TRIGGER order_items_after_insert
AFTER INSERT ON order_items FOR EACH ROW
INSERT INTO orders (
  order_id, created_at, website_session_id, primary_product_id, items_purchased, price_usd, cogs_usd
)
VALUES (
  NEW.order_id, NEW.created_at, NEW.website_session_id,
  IF(NEW.is_primary_item = 1, NEW.product_id, NULL), 1, NEW.price_usd, NEW.cogs_usd
)
ON DUPLICATE KEY UPDATE
  created_at = LEAST(orders.created_at, NEW.created_at),
  website_session_id = LEAST(orders.website_session_id, NEW.website_session_id),
  primary_product_id = IF(
    NEW.is_primary_item = 1,
    LEAST(COALESCE(orders.primary_product_id, NEW.product_id), NEW.product_id),
    orders.primary_product_id
  ),
  items_purchased = orders.items_purchased + 1,
  price_usd = orders.price_usd + NEW.price_usd,
  cogs_usd = orders.cogs_usd + NEW.cogs_usd//

-- @unless own trigger order_items_after_update
CREATE DEFINER = `ecomdb_definer`@`localhost` TRIGGER order_items_after_update
AFTER UPDATE ON order_items FOR EACH ROW
BEGIN
  DECLARE locked_rows, items_left BIGINT;
  IF NOT (
    NEW.order_id = OLD.order_id AND NEW.created_at = OLD.created_at
    AND NEW.website_session_id = OLD.website_session_id AND NEW.product_id = OLD.product_id
    AND NEW.is_primary_item = OLD.is_primary_item AND NEW.price_usd = OLD.price_usd
    AND NEW.cogs_usd = OLD.cogs_usd
  ) THEN
    SELECT COUNT(*) INTO locked_rows FROM orders
    WHERE order_id IN (OLD.order_id, NEW.order_id) FOR UPDATE;
    INSERT INTO orders (
      order_id, created_at, website_session_id, primary_product_id, items_purchased, price_usd, cogs_usd
    )
    SELECT * FROM (
      SELECT order_id, MIN(created_at) AS created_at, MIN(website_session_id) AS website_session_id,
        MIN(CASE WHEN is_primary_item = 1 THEN product_id END) AS primary_product_id,
        COUNT(*) AS items_purchased, SUM(price_usd) AS price_usd, SUM(cogs_usd) AS cogs_usd
      FROM order_items WHERE order_id IN (OLD.order_id, NEW.order_id)
      GROUP BY order_id
      LOCK IN SHARE MODE
    ) AS fresh
    ON DUPLICATE KEY UPDATE
      created_at = fresh.created_at,
      website_session_id = fresh.website_session_id,
      primary_product_id = fresh.primary_product_id,
      items_purchased = fresh.items_purchased,
      price_usd = fresh.price_usd,
      cogs_usd = fresh.cogs_usd;
    IF NEW.order_id <> OLD.order_id THEN
      SELECT COUNT(*) INTO items_left FROM order_items
      WHERE order_id = OLD.order_id LOCK IN SHARE MODE;
      IF items_left = 0 THEN
        DELETE FROM orders WHERE order_id = OLD.order_id;
      END IF;
    END IF;
  END IF;
END//

-- @unless own trigger order_items_after_delete
CREATE DEFINER = `ecomdb_definer`@`localhost` TRIGGER order_items_after_delete
AFTER DELETE ON order_items FOR EACH ROW
BEGIN
  DECLARE locked_rows, items_left BIGINT;
  SELECT COUNT(*) INTO locked_rows FROM orders WHERE order_id = OLD.order_id FOR UPDATE;
  SELECT COUNT(*) INTO items_left FROM order_items
  WHERE order_id = OLD.order_id LOCK IN SHARE MODE;
  IF items_left = 0 THEN
    DELETE FROM orders WHERE order_id = OLD.order_id;
  ELSE
    INSERT INTO orders (
      order_id, created_at, website_session_id, primary_product_id, items_purchased, price_usd, cogs_usd
    )
    SELECT * FROM (
      SELECT order_id, MIN(created_at) AS created_at, MIN(website_session_id) AS website_session_id,
        MIN(CASE WHEN is_primary_item = 1 THEN product_id END) AS primary_product_id,
        COUNT(*) AS items_purchased, SUM(price_usd) AS price_usd, SUM(cogs_usd) AS cogs_usd
      FROM order_items WHERE order_id = OLD.order_id
      GROUP BY order_id
      LOCK IN SHARE MODE
    ) AS fresh
    ON DUPLICATE KEY UPDATE
      created_at = fresh.created_at,
      website_session_id = fresh.website_session_id,
      primary_product_id = fresh.primary_product_id,
      items_purchased = fresh.items_purchased,
      price_usd = fresh.price_usd,
      cogs_usd = fresh.cogs_usd;
  END IF;
END//

DELIMITER ;

-- What was written between the end of the old trigger and the start of the new ones, or
-- while an earlier run was interrupted. On a table without items it does nothing.
-- @when table order_items
INSERT INTO orders (
  order_id, created_at, website_session_id, primary_product_id, items_purchased, price_usd, cogs_usd
)
SELECT * FROM (
  SELECT order_id, MIN(created_at) AS created_at, MIN(website_session_id) AS website_session_id,
    MIN(CASE WHEN is_primary_item = 1 THEN product_id END) AS primary_product_id,
    COUNT(*) AS items_purchased, SUM(price_usd) AS price_usd, SUM(cogs_usd) AS cogs_usd
  FROM order_items
  GROUP BY order_id
  LOCK IN SHARE MODE
) AS fresh
ON DUPLICATE KEY UPDATE
  created_at = fresh.created_at,
  website_session_id = fresh.website_session_id,
  primary_product_id = fresh.primary_product_id,
  items_purchased = fresh.items_purchased,
  price_usd = fresh.price_usd,
  cogs_usd = fresh.cogs_usd;

-- @when table order_items
DELETE FROM orders WHERE order_id NOT IN (SELECT order_id FROM order_items);
