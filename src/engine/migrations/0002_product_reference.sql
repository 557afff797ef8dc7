-- The four products that every export refers to; no export has them. A product that is
-- there already stays as the shop has it.

INSERT INTO products (product_id, created_at, product_name) VALUES
  (1, '2012-03-19 09:00:00', 'The Original Mr. Fuzzy'),
  (2, '2013-01-06 13:00:00', 'The Forever Love Bear'),
  (3, '2013-12-12 09:00:00', 'The Birthday Sugar Panda'),
  (4, '2014-02-05 10:00:00', 'The Hudson River Mini bear')
ON DUPLICATE KEY UPDATE product_id = products.product_id;
