package pgwal

import (
	"context"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// collect reads the job's split until it has given that many rows.
func collect(t *testing.T, r plugin.Reader, rows int, each func(record.Row)) {
	t.Helper()
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	b := record.NewBatch(0, 0)
	for n := 0; n < rows; {
		b.Reset(splits[0].ID)
		if err := s.Fill(t.Context(), b); err != nil {
			t.Fatalf("after %d rows: %v", n, err)
		}
		for _, bad := range b.Rejects() {
			t.Errorf("not a row: %s: %v", bad.Raw, bad.Err)
			n++
		}
		for i := range b.Len() {
			each(b.Row(i))
			n++
		}
	}
}

// selected reads a table of two columns by a SELECT.
func selected(t *testing.T, db servers.PostgreSQLDatabase, table string) (rows [][]string, second record.Column) {
	t.Helper()
	u, err := pgkit.ParseURL(db.URL())
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := pgkit.NewSettings(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.User, settings.Password = servers.RootUser, config.NewSecret(servers.RootPassword)
	c, err := pgkit.Dial(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	definition, err := c.ReadTable(t.Context(), record.Name{Schema: "public", Table: table})
	if err != nil {
		t.Fatal(err)
	}
	st, err := c.Prepare(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	columns := []record.Column{definition.Columns[0].Column, definition.Columns[1].Column}
	s := record.NewSchema(definition.Name, columns, 0)
	stream, err := st.Rows(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for {
		row, err := stream.Next(0)
		if err != nil {
			break
		}
		b.Begin(s, record.Insert)
		if err := st.Decoder().Append(b, row, 2); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, plugintest.Cells(b.Row(b.Len()-1)))
	}
	return rows, columns[1]
}
