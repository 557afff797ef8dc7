CREATE TABLE products (
  product_id BIGINT,
  created_at DATETIME,
  product_name VARCHAR(50),
  PRIMARY KEY (product_id)
);

INSERT INTO products VALUES
  (1, '2012-03-19 09:00:00', 'The Original Mr. Fuzzy'),
  (2, '2013-01-06 13:00:00', 'The Forever Love Bear');

ALTER TABLE order_items ADD COLUMN product_id BIGINT;

UPDATE order_items SET product_id = 1 WHERE order_item_id > 0;

ALTER TABLE order_items ADD CONSTRAINT fk_product_id
  FOREIGN KEY (product_id) REFERENCES products (product_id)
  ON DELETE NO ACTION ON UPDATE NO ACTION;

INSERT INTO order_items VALUES (2587, '2013-01-06 13:40:22', 2587, 59.99, 22.49, 62474, 2);
