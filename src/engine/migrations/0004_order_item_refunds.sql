-- Refunds, each of one item.

-- @unless table order_item_refunds
CREATE TABLE order_item_refunds (
  order_item_refund_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL,
  order_item_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  refund_amount_usd DECIMAL(6,2) NOT NULL,
  PRIMARY KEY (order_item_refund_id),
  KEY order_item_refunds_item (order_item_id, created_at),
  KEY order_item_refunds_created_at (created_at),
  KEY order_item_refunds_order_id (order_id),
  CONSTRAINT order_item_refunds_order_item FOREIGN KEY (order_item_id)
    REFERENCES order_items (order_item_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: refunds, each of one item';

-- @check refunds that lack a value, or have one that DECIMAL(6,2) cannot hold
-- @when table order_item_refunds
-- @unless own table order_item_refunds
SELECT COUNT(*) FROM order_item_refunds
WHERE created_at IS NULL OR created_at < '1000-01-01' OR order_item_id IS NULL
  OR order_id IS NULL OR refund_amount_usd IS NULL OR ABS(refund_amount_usd) > 9999.99;

-- @check refunds of an item that order_items does not have
-- @when table order_item_refunds
-- @when table order_items
-- @unless own table order_item_refunds
SELECT COUNT(*) FROM order_item_refunds
LEFT JOIN order_items ON order_items.order_item_id = order_item_refunds.order_item_id
WHERE order_items.order_item_id IS NULL;

-- @when table order_item_refunds
-- @unless own table order_item_refunds
ALTER TABLE order_item_refunds {drop keys of order_item_refunds}
  MODIFY COLUMN order_item_refund_id BIGINT NOT NULL FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER order_item_refund_id,
  MODIFY COLUMN order_item_id BIGINT NOT NULL AFTER created_at,
  MODIFY COLUMN order_id BIGINT NOT NULL AFTER order_item_id,
  MODIFY COLUMN refund_amount_usd DECIMAL(6,2) NOT NULL AFTER order_id,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ADD KEY order_item_refunds_item (order_item_id, created_at),
  ADD KEY order_item_refunds_created_at (created_at),
  ADD KEY order_item_refunds_order_id (order_id),
  ADD CONSTRAINT order_item_refunds_order_item FOREIGN KEY (order_item_id)
    REFERENCES order_items (order_item_id),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: refunds, each of one item';
