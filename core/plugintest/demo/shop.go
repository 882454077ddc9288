package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	_ "modernc.org/sqlite" // the driver
)

// makeShop makes the database and counts the rows of its largest table.
func makeShop(ctx context.Context, file, script, table string) (rows int64, err error) {
	statements, err := os.ReadFile(script)
	if err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := db.ExecContext(ctx, string(statements)); err != nil {
		return 0, fmt.Errorf("making %s: %w", file, err)
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
		return 0, fmt.Errorf("counting the rows of %s: %w", table, err)
	}
	return rows, nil
}
