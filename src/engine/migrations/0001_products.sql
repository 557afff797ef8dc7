-- What the shop sells.

-- @unless table products
CREATE TABLE products (
  product_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL,
  product_name VARCHAR(50) NOT NULL,
  PRIMARY KEY (product_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: what the shop sells';

-- @check products that lack a name or a date, or have a name of more than 50 characters
-- @when table products
-- @unless own table products
SELECT COUNT(*) FROM products
WHERE created_at IS NULL OR created_at < '1000-01-01' OR product_name IS NULL
  OR CHAR_LENGTH(product_name) > 50;

-- @when table products
-- @unless own table products
ALTER TABLE products {drop keys of products}
  MODIFY COLUMN product_id BIGINT NOT NULL FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER product_id,
  MODIFY COLUMN product_name VARCHAR(50) NOT NULL AFTER created_at,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: what the shop sells';
