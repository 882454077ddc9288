package main

import (
	"database/sql"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// waitValue waits until a query of the script's database gives a value:
//
//	waitvalue mysql|postgresql STATEMENT VALUE
//	waitvalue sqlite FILE STATEMENT VALUE
//
// With ! it looks once and fails if the value is that.
func waitValue(ts *testscript.TestScript, neg bool, args []string) {
	system := args[0]
	file := ""
	if system == "sqlite" && len(args) > 1 {
		file, args = ts.MkAbs(args[1]), args[1:]
	}
	if len(args) != 3 {
		ts.Fatalf("usage: waitvalue mysql|postgresql|sqlite FILE STATEMENT VALUE")
	}
	tb := ts.Value(testKey{}).(testing.TB)
	ask := map[string]func() string{
		"mysql": func() string { return first(madeValue(ts, databaseKey{}).(servers.Database).Query(tb, args[1])) },
		"postgresql": func() string {
			return first(madeValue(ts, postgresKey{}).(servers.PostgreSQLDatabase).Query(tb, args[1]))
		},
		"sqlite": func() string { return firstOfFile(ts, file, args[1]) },
	}[system]
	if ask == nil {
		ts.Fatalf("waitvalue: unknown system %s", system)
	}
	if neg {
		if got := ask(); got == args[2] {
			ts.Fatalf("%s gives %s", args[1], got)
		}
		return
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	over := time.After(patience)
	for {
		got := ask()
		if got == args[2] {
			return
		}
		select {
		case <-look.C:
		case <-over:
			ts.Fatalf("%s gives %s after %v, want %s", args[1], got, patience, args[2])
		}
	}
}

func first(rows [][]*string) string {
	if len(rows) == 0 || rows[0][0] == nil {
		return ""
	}
	return *rows[0][0]
}

// firstOfFile is the value that a query of a SQLite file gives; "" while
// somebody else has it locked.
func firstOfFile(ts *testscript.TestScript, file, query string) string {
	db, err := sql.Open("sqlite", file)
	ts.Check(err)
	defer db.Close()
	var value sql.NullString
	if err := db.QueryRow(query).Scan(&value); err != nil {
		return ""
	}
	return value.String
}
