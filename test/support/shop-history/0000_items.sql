-- The shop's history, as its own people wrote it: each file is one stage, run after those
-- before it, with the data of its time. ecomdb has to bring up a database at any of them.

CREATE TABLE order_items (
  order_item_id BIGINT,
  created_at DATETIME,
  order_id BIGINT,
  price_usd DECIMAL(6,2),
  cogs_usd DECIMAL(6,2),
  website_session_id BIGINT,
  PRIMARY KEY (order_item_id)
);

CREATE TABLE order_item_refunds (
  order_item_refund_id BIGINT,
  created_at DATETIME,
  order_item_id BIGINT,
  order_id BIGINT,
  refund_amount_usd DECIMAL(6,2),
  PRIMARY KEY (order_item_refund_id),
  FOREIGN KEY (order_item_id) REFERENCES order_items (order_item_id)
);

INSERT INTO order_items VALUES
  (1, '2012-03-19 10:42:46', 1, 49.99, 19.49, 20),
  (2, '2012-03-19 19:27:37', 2, 49.99, 19.49, 104),
  (3, '2012-03-20 06:44:45', 3, 49.99, 19.49, 147),
  (4, '2012-03-20 09:41:45', 4, 49.99, 19.49, 160);

INSERT INTO order_item_refunds VALUES (1, '2012-04-06 11:32:43', 2, 2, 49.99);
