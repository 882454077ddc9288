package binlog

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// products runs a test against each product.
func products(t *testing.T, f func(t *testing.T, db servers.Database)) {
	t.Run("MySQL", func(t *testing.T) { f(t, servers.MySQL(t).DB(t)) })
	t.Run("MariaDB", func(t *testing.T) { f(t, servers.MariaDB(t).DB(t)) })
}

// parameters are a reader's, with the account filled in and all tables of a
// database read.
func parameters(db servers.Database, more map[string]any) map[string]any {
	p := map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "jdbcUrl": db.URL(), "cat": "insert,update,delete"}
	for k, v := range more {
		p[k] = v
	}
	return p
}

// build makes a reader as a job does.
func build(t testing.TB, parameters map[string]any, meta ...string) plugin.Reader {
	t.Helper()
	text, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	d, err := config.Inline(string(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Info().New(plugin.Env{Log: slog.New(slog.DiscardHandler), Zone: time.UTC, Meta: meta}, d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stream is one open source whose batches are read one by one.
type stream struct {
	t     testing.TB
	split plugin.Split
	src   plugin.Source
	last  plugin.Progress
	rows  []string // spelled: op and values
	bad   []string
	ddl   []record.Change
	marks int
	done  bool
	each  func(record.Row) // nil: none
}

// follow plans and opens the log.
func follow(t testing.TB, r plugin.Reader) *stream {
	t.Helper()
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, r, plugin.Progress{Split: splits[0]})
}

// reopen opens the log at a place.
func reopen(t testing.TB, r plugin.Reader, from plugin.Progress) *stream {
	t.Helper()
	src, err := r.Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{t: t, split: from.Split, src: src, last: from}
	t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	if s.done {
		return
	}
	s.done = true
	if err := s.src.Close(); err != nil {
		s.t.Errorf("closing: %v", err)
	}
}

// fill reads one batch.
func (s *stream) fill(ctx context.Context) error {
	b := record.NewBatch(0, 0)
	b.Reset(s.split.ID)
	err := s.src.Fill(ctx, b)
	if err != nil && err != io.EOF {
		return err
	}
	for i := range b.Len() {
		if s.each != nil {
			s.each(b.Row(i))
		}
		s.rows = append(s.rows, spellRow(b.Row(i)))
	}
	for _, r := range b.Rejects() {
		s.bad = append(s.bad, r.Err.Error())
	}
	for _, m := range b.Marks() {
		s.marks++
		s.last.Position = append(json.RawMessage(nil), m.Position...)
		if m.State != nil {
			s.last.State = append(json.RawMessage(nil), m.State...)
		}
	}
	if c := b.SchemaChange(); c != nil {
		s.ddl = append(s.ddl, *c)
	}
	return err
}

// until reads up to a row of table end, and leaves it out.
func (s *stream) until(rows int) []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for len(s.rows) < rows {
		if err := s.fill(ctx); err != nil {
			s.t.Fatalf("after %d of %d rows: %v", len(s.rows), rows, err)
		}
	}
	got := s.rows
	s.rows = nil
	return got
}

// spellRow spells a row: its operation, table and values.
func spellRow(r record.Row) string {
	text := r.Op().String()
	if r.Linked() {
		text += " linked"
	}
	text += " " + r.Schema().Name.Table
	for c := range r.Schema().Columns[:r.Schema().Data] {
		text += " " + r.Schema().Columns[c].Name + "="
		switch r.Kind(c) {
		case record.Absent:
			text += "absent"
		case record.Null:
			text += "null"
		default:
			text += r.Kind(c).String() + ":" + string(r.AppendText(nil, c))
		}
	}
	return text
}

func same(t testing.TB, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "(none)", "(none)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("row %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

func TestChanges(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), n BIGINT UNSIGNED)", "INSERT INTO t VALUES (0, 'before', 0)")
		s := follow(t, build(t, parameters(db, nil)))
		db.Exec(t, "INSERT INTO t VALUES (1, 'one', 18446744073709551615), (2, NULL, NULL)", "UPDATE t SET name = 'two' WHERE id = 2",
			"UPDATE t SET id = 3 WHERE id = 2", "DELETE FROM t WHERE id = 1")
		same(t, s.until(7), []string{
			"insert t id=int64:1 name=string:one n=uint64:18446744073709551615",
			"insert t id=int64:2 name=null n=null",
			"update-before t id=int64:2 name=null n=null",
			"update-after t id=int64:2 name=string:two n=null",
			"delete t id=int64:2 name=string:two n=null",
			"insert linked t id=int64:3 name=string:two n=null",
			"delete t id=int64:1 name=string:one n=uint64:18446744073709551615",
		})
		if s.marks == 0 {
			t.Error("no position was given")
		}
	})
}
