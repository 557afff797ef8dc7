-- Items sold. The shop added product_id when it had a second product, and is_primary_item
-- when an order could have two items: everything before is product 1, and primary.
-- website_session_id has no foreign key: the sessions before January 2014 were never kept.

-- @unless table order_items
CREATE TABLE order_items (
  order_item_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL,
  order_id BIGINT NOT NULL,
  price_usd DECIMAL(6,2) NOT NULL,
  cogs_usd DECIMAL(6,2) NOT NULL,
  website_session_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  is_primary_item TINYINT NOT NULL,
  PRIMARY KEY (order_item_id),
  KEY order_items_created_at (created_at),
  KEY order_items_order_id (order_id),
  KEY order_items_product_id (product_id),
  CONSTRAINT order_items_product FOREIGN KEY (product_id) REFERENCES products (product_id),
  CONSTRAINT order_items_primary_flag CHECK (is_primary_item IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: items sold, one row each';

-- @check order items that lack a value, or have one that DECIMAL(6,2) cannot hold
-- @when table order_items
-- @unless own table order_items
SELECT COUNT(*) FROM order_items
WHERE created_at IS NULL OR created_at < '1000-01-01' OR order_id IS NULL
  OR price_usd IS NULL OR ABS(price_usd) > 9999.99 OR cogs_usd IS NULL OR ABS(cogs_usd) > 9999.99
  OR website_session_id IS NULL;

-- @check order items without a product, or with one that products does not have
-- @when column order_items.product_id
-- @when table products
-- @unless own table order_items
SELECT COUNT(*) FROM order_items LEFT JOIN products ON products.product_id = order_items.product_id
WHERE products.product_id IS NULL AND COALESCE(order_items.product_id, 0) NOT IN (1, 2, 3, 4);

-- @check order items of which is_primary_item is neither 0 nor 1
-- @when column order_items.is_primary_item
-- @unless own table order_items
SELECT COUNT(*) FROM order_items WHERE is_primary_item IS NULL OR is_primary_item NOT IN (0, 1);

-- The default fills the rows that are there, in the same atomic statement.
-- @when table order_items
-- @unless column order_items.product_id
ALTER TABLE order_items ADD COLUMN product_id BIGINT NOT NULL DEFAULT 1 AFTER website_session_id;

-- @when table order_items
-- @unless column order_items.is_primary_item
ALTER TABLE order_items ADD COLUMN is_primary_item TINYINT NOT NULL DEFAULT 1 AFTER product_id;

-- @when table order_items
-- @unless own table order_items
ALTER TABLE order_items {drop keys of order_items}
  MODIFY COLUMN order_item_id BIGINT NOT NULL FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER order_item_id,
  MODIFY COLUMN order_id BIGINT NOT NULL AFTER created_at,
  MODIFY COLUMN price_usd DECIMAL(6,2) NOT NULL AFTER order_id,
  MODIFY COLUMN cogs_usd DECIMAL(6,2) NOT NULL AFTER price_usd,
  MODIFY COLUMN website_session_id BIGINT NOT NULL AFTER cogs_usd,
  MODIFY COLUMN product_id BIGINT NOT NULL AFTER website_session_id,
  MODIFY COLUMN is_primary_item TINYINT NOT NULL AFTER product_id,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ADD KEY order_items_created_at (created_at),
  ADD KEY order_items_order_id (order_id),
  ADD KEY order_items_product_id (product_id),
  ADD CONSTRAINT order_items_product FOREIGN KEY (product_id) REFERENCES products (product_id),
  ADD CONSTRAINT order_items_primary_flag CHECK (is_primary_item IN (0, 1)),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: items sold, one row each';
