-- The shop that make demo copies: 5,000 customers, 400 products, 150,000 orders.
-- Every value is computed from the row's number, so the file comes out the same
-- each time. Any program that runs SQLite statements can load it:
--
--   sqlite3 shop.db < jobs/demo/shop.sql

BEGIN;

DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS products;
DROP TABLE IF EXISTS customers;

CREATE TABLE customers (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    email   TEXT UNIQUE,
    city    TEXT NOT NULL,
    country TEXT NOT NULL,
    since   DATE NOT NULL,
    credit  DECIMAL(10,2)                -- NULL: none was agreed
);

CREATE TABLE products (
    id       INTEGER PRIMARY KEY,
    sku      TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    price    DECIMAL(8,2) NOT NULL,
    weight   REAL,                       -- kilograms; NULL: a download
    details  JSON,
    discontinued BOOLEAN NOT NULL DEFAULT 0
);

CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    product_id  INTEGER NOT NULL REFERENCES products (id),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    unit_price  DECIMAL(8,2) NOT NULL,
    total       DECIMAL(12,2) NOT NULL,
    status      TEXT NOT NULL,
    ordered_at  DATETIME NOT NULL,
    shipped_at  DATETIME,                -- NULL: not yet
    note        TEXT
);

-- Names and cities to choose from, numbered from 0.

CREATE TEMP TABLE given (n INTEGER PRIMARY KEY, name TEXT, ascii TEXT);
INSERT INTO given VALUES
    (0, 'Ada', 'ada'), (1, 'Björn', 'bjoern'), (2, 'Chloé', 'chloe'), (3, 'Dmitri', 'dmitri'), (4, 'Eşref', 'esref'),
    (5, 'Fatima', 'fatima'), (6, 'Grażyna', 'grazyna'), (7, 'Hélène', 'helene'), (8, 'Ibrahim', 'ibrahim'), (9, 'José', 'jose'),
    (10, 'Kenji', 'kenji'), (11, 'Łukasz', 'lukasz'), (12, 'Mei', 'mei'), (13, 'Noor', 'noor'), (14, 'Óscar', 'oscar'),
    (15, 'Priya', 'priya'), (16, 'Quentin', 'quentin'), (17, 'Róisín', 'roisin'), (18, 'Søren', 'soeren'), (19, 'Thị Mai', 'thimai');

CREATE TEMP TABLE family (n INTEGER PRIMARY KEY, name TEXT, ascii TEXT);
INSERT INTO family VALUES
    (0, 'Andersson', 'andersson'), (1, 'Brontë', 'bronte'), (2, 'Çelik', 'celik'), (3, 'Dvořák', 'dvorak'), (4, 'Eriksen', 'eriksen'),
    (5, 'Fernández', 'fernandez'), (6, 'García', 'garcia'), (7, 'Håkansson', 'hakansson'), (8, 'Ivanova', 'ivanova'), (9, 'O''Brien', 'obrien'),
    (10, '李', 'li'), (11, '佐藤', 'sato'), (12, 'Müller', 'mueller');

CREATE TEMP TABLE town (n INTEGER PRIMARY KEY, city TEXT, country TEXT);
INSERT INTO town VALUES
    (0, 'Köln', 'DE'), (1, 'München', 'DE'), (2, 'Lyon', 'FR'), (3, 'Orléans', 'FR'), (4, 'Kraków', 'PL'), (5, 'Łódź', 'PL'),
    (6, 'Málaga', 'ES'), (7, '東京', 'JP'), (8, '北京', 'CN'), (9, 'São Paulo', 'BR'), (10, 'İzmir', 'TR'), (11, 'Reykjavík', 'IS'),
    (12, 'Galway', 'IE'), (13, 'Αθήνα', 'GR'), (14, 'Львів', 'UA'), (15, 'Springfield', 'US'), (16, 'Wellington', 'NZ');

WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 5000)
INSERT INTO customers
SELECT i.n,
       given.name || ' ' || family.name,
       CASE WHEN i.n % 17 = 0 THEN NULL ELSE given.ascii || '.' || family.ascii || i.n || '@example.com' END,
       town.city, town.country,
       date('2019-01-01', '+' || (i.n * 7919 % 2400) || ' days'),
       CASE WHEN i.n % 3 = 0 THEN NULL ELSE (i.n * 104729 % 500000) / 100.0 END
FROM i
JOIN given  ON given.n  = i.n * 31 % 20
JOIN family ON family.n = i.n * 37 % 13
JOIN town   ON town.n   = i.n * 41 % 17
ORDER BY i.n;

CREATE TEMP TABLE thing (n INTEGER PRIMARY KEY, name TEXT, grams INTEGER);
INSERT INTO thing VALUES
    (0, 'espresso cup', 180), (1, 'tea pot', 920), (2, 'Müsli bowl', 310), (3, 'notebook "dots"', 240), (4, 'fountain pen', 35),
    (5, 'desk lamp', 1850), (6, 'wool blanket', 1400), (7, 'e-book', NULL), (8, 'backpack', 760), (9, 'crêpe pan', 1250);

CREATE TEMP TABLE colour (n INTEGER PRIMARY KEY, name TEXT);
INSERT INTO colour VALUES (0, 'white'), (1, 'black'), (2, 'sand'), (3, 'vert d''eau'), (4, 'blue'), (5, 'red'), (6, 'grey'), (7, 'ochre');

WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 400)
INSERT INTO products
SELECT i.n,
       printf('SKU-%05d', i.n * 17 + 1000),
       thing.name || ', ' || colour.name,
       (i.n * 7001 % 19900 + 99) / 100.0,
       thing.grams / 1000.0,
       CASE WHEN i.n % 5 = 0 THEN NULL
            ELSE json_object('colour', colour.name, 'tags', json_array('shop', 'series ' || (i.n / 80 + 1)), 'rating', i.n % 50 / 10.0) END,
       i.n % 23 = 0
FROM i
JOIN thing  ON thing.n  = i.n % 10
JOIN colour ON colour.n = i.n / 10 % 8
ORDER BY i.n;

-- About a third of the products is ordered twice as often as the others, an
-- order comes every ten minutes, and those of the last days are on their way.

WITH RECURSIVE
    i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 150000),
    o(n, customer, product, quantity, placed, state) AS (
        SELECT n,
               n * 48271 % 5000 + 1,
               CASE WHEN n % 3 = 0 THEN n * 16807 % 130 + 1 ELSE n * 69621 % 400 + 1 END,
               CASE WHEN n % 29 = 0 THEN n % 40 + 10 ELSE n * 13 % 4 + 1 END,
               1672531200 + n * 600 + n * 7907 % 600,
               CASE WHEN n > 149500 THEN 'open' WHEN n > 149000 THEN 'packed' WHEN n % 53 = 0 THEN 'cancelled' WHEN n % 71 = 0 THEN 'returned' ELSE 'delivered' END
        FROM i)
INSERT INTO orders
SELECT o.n, o.customer, o.product, o.quantity, products.price, round(products.price * o.quantity, 2), o.state,
       datetime(o.placed, 'unixepoch'),
       CASE WHEN o.state IN ('delivered', 'returned') THEN datetime(o.placed + 7200 + o.n * 331 % 172800, 'unixepoch') END,
       CASE o.n % 40
           WHEN 0 THEN 'gift wrap, please 🎁'
           WHEN 7 THEN 'leave it at the neighbour''s'
           WHEN 13 THEN 'ring twice' || char(10) || 'third floor'
           WHEN 21 THEN ''
           WHEN 33 THEN 'Lieferung nur vormittags (Größe prüfen)'
       END
FROM o JOIN products ON products.id = o.product
ORDER BY o.n;

CREATE INDEX orders_by_customer ON orders (customer_id);

DROP TABLE temp.given;
DROP TABLE temp.family;
DROP TABLE temp.town;
DROP TABLE temp.thing;
DROP TABLE temp.colour;

COMMIT;
