package pgkit_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// settings reads the URL of a test's database, with the superuser's account.
func settings(t testing.TB, url string, properties map[string]string) *pgkit.Settings {
	t.Helper()
	u, err := pgkit.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"user": servers.RootUser, "password": servers.RootPassword}
	for k, v := range properties {
		all[k] = v
	}
	s, unused, err := pgkit.NewSettings(u, all)
	if err != nil || len(unused) > 0 {
		t.Fatalf("unused %v, %v", unused, err)
	}
	return s
}

// dial connects to a database; the connection is closed at the end of the test.
func dial(t testing.TB, s *pgkit.Settings) *pgkit.Conn {
	t.Helper()
	c, err := pgkit.Dial(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// read runs a statement and decodes all its rows into one batch.
func read(t testing.TB, c *pgkit.Conn, sql string) (*record.Batch, *record.Schema) {
	t.Helper()
	s, err := c.Prepare(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	rows, err := s.Rows(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	schema := record.NewSchema(record.Name{Table: "t"}, s.Columns())
	b := record.NewBatch(1<<20, 1<<30)
	for {
		row, err := rows.Next(0)
		if errors.Is(err, io.EOF) {
			return b, schema
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		b.Begin(schema, record.Insert)
		if err := s.Decoder().Append(b, row, len(schema.Columns)); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// write copies all rows of a batch into columns of a table.
func write(c *pgkit.Conn, table string, columns []string, b *record.Batch) (int64, error) {
	ctx := context.Background()
	e, err := c.Encoder(ctx, record.Name{Table: table}, columns)
	if err != nil {
		return 0, err
	}
	w, err := c.CopyIn(ctx, e.CopySQL(record.Name{}))
	if err != nil {
		return 0, err
	}
	if err := w.Put(e.AppendHeader(w.Buffer())); err != nil {
		return 0, err
	}
	from := make([]int, len(columns))
	for i := range from {
		from[i] = i
	}
	for i := range b.Len() {
		if err := w.Row(e, b.Row(i), from); err != nil {
			return 0, errors.Join(err, w.Abort("a row was refused"))
		}
	}
	if err := w.Put(e.AppendTrailer(w.Buffer())); err != nil {
		return 0, err
	}
	return w.Finish()
}

// hasty is for sessions that make many tables: commits do not wait for the disk.
var hasty = map[string]string{"options": "-c synchronous_commit=off"}
