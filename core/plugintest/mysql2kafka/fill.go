package main

import (
	"fmt"

	"github.com/go-mysql-org/go-mysql/client"
)

// fill makes the table anew, every value computed from the row's number.
func fill(addr, user, password string, rows int) error {
	conn, err := client.Connect(addr, user, password, "", func(c *client.Conn) error { return c.SetCharset("utf8mb4") })
	if err != nil {
		return fmt.Errorf("connecting to MySQL: %w", err)
	}
	defer func() { _ = conn.Close() }()
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + database,
		"CREATE DATABASE " + database + " CHARACTER SET utf8mb4",
		"USE " + database,
		`CREATE TABLE ` + table + ` (
			id BIGINT UNSIGNED PRIMARY KEY, customer_id INT NOT NULL, product VARCHAR(40) NOT NULL, quantity SMALLINT NOT NULL,
			price DECIMAL(12,2) NOT NULL, discount DOUBLE, status ENUM('open','paid','shipped') NOT NULL,
			ordered DATETIME(3) NOT NULL, note VARCHAR(80), details JSON)`,
		fmt.Sprintf("SET SESSION cte_max_recursion_depth = %d", rows+1),
		fmt.Sprintf(`INSERT INTO `+table+` WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT i, i * 7919 %% 5000, CONCAT('product ', i %% 400), i %% 9 + 1, i %% 100000 / 100, IF(i %% 4, NULL, i %% 30 / 100),
			ELT(i %% 3 + 1, 'open', 'paid', 'shipped'), TIMESTAMPADD(SECOND, i * 13, '2025-01-01 08:00:00.250'),
			IF(i %% 5, NULL, CONCAT('wrap as a gift, please: №', i)), JSON_OBJECT('channel', ELT(i %% 2 + 1, 'web', 'shop'))
			FROM n`, rows),
	} {
		if _, err := conn.Execute(statement); err != nil {
			return fmt.Errorf("filling MySQL: %w", err)
		}
	}
	return nil
}
