CREATE TABLE customers (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL);
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Konrad');
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT NOT NULL, total DECIMAL(12,2), ordered DATE);
INSERT INTO orders VALUES (1, 1, 10.50, '2026-01-02'), (2, 1, 99.95, '2026-01-03'), (3, 3, NULL, '2026-02-01');
