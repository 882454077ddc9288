package mysql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// logged builds a reader whose log can be read.
func logged(t *testing.T, parameters string) (plugin.Reader, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	env := plugintest.Env()
	env.Log = slog.New(slog.NewTextHandler(&log, nil))
	r, err := plugintest.BuildReader(env, Info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, &log
}

// sums reads splits, a write to all rows going before each but the first, and
// returns the values of v that were seen.
func sums(t *testing.T, db servers.Database, r plugin.Reader, splits []plugin.Split) map[int64]int {
	t.Helper()
	seen := map[int64]int{}
	for i, split := range splits {
		s, err := r.Open(t.Context(), plugin.Progress{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			db.Exec(t, "UPDATE a SET v = v + 1", "UPDATE b SET v = v + 1", "DELETE FROM b WHERE id < 3")
		}
		b := record.NewBatch(0, 0)
		for {
			b.Reset(split.ID)
			err := s.Fill(t.Context(), b)
			for i := range b.Len() {
				seen[b.Row(i).Int64(1)]++
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return seen
}

func tables2(t *testing.T, db servers.Database) {
	db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY, v BIGINT)", "INSERT INTO a VALUES (1, 0), (2, 0), (3, 0), (4, 0)",
		"CREATE TABLE b (id INT PRIMARY KEY, v BIGINT)", "INSERT INTO b VALUES (1, 0), (2, 0), (3, 0), (4, 0)")
}

func TestSnapshot(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		tables2(t, db)
		more := map[string]any{"connection": []any{entry(db.URL(), nil, "a", "b")}, "splitStrategy": "mod", "splitPk": "id"}
		r, log := logged(t, job(db, "", more))
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 2})
		if err != nil || len(splits) < 2 {
			t.Fatalf("%d splits, %v", len(splits), err)
		}
		if seen := sums(t, db, r, splits); seen[0] != 8 {
			t.Errorf("values %v, want 8 rows as they were", seen)
		}
		if text := log.String(); !strings.Contains(text, "consistent view") || !strings.Contains(text, "position=") || strings.Contains(text, "WARN") {
			t.Errorf("log:\n%s", text)
		}
		// Writers were kept away for a moment only.
		db.Exec(t, "UPDATE a SET v = 0", "DELETE FROM b", "INSERT INTO b VALUES (1, 0), (2, 0), (3, 0), (4, 0)")
		more["snapshot"] = "off"
		r, log = logged(t, job(db, "", more))
		if splits, err = r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 2}); err != nil {
			t.Fatal(err)
		}
		if seen := sums(t, db, r, splits); seen[1] == 0 || log.Len() > 0 {
			t.Errorf("without a view: values %v\n%s", seen, log)
		}
	})
}

// TestSnapshotLost kills the sessions of a view: the splits that are left are
// read, and the loss is said once.
func TestSnapshotLost(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		tables2(t, db)
		more := map[string]any{"connection": []any{entry(db.URL(), nil, "a", "b")}}
		for _, required := range []bool{false, true} {
			if required {
				more["snapshot"] = "required"
			}
			r, log := logged(t, job(db, "", more))
			splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
			if err != nil || len(splits) != 2 {
				t.Fatalf("%d splits, %v", len(splits), err)
			}
			s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil { // amid the rows: the session is of no more use
				t.Error(err)
			}
			s, err = r.Open(t.Context(), plugin.Progress{Split: splits[1]})
			if required {
				if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "start over with -fresh") {
					t.Errorf("without the view that is required: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if n := strings.Count(log.String(), "is of a later time"); n != 1 {
				t.Errorf("said %d times:\n%s", n, log)
			}
		}
	})
}

// TestSnapshotWithoutPrivilege reads as a user who may only select.
func TestSnapshotWithoutPrivilege(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		tables2(t, db)
		user := "r" + db.Name[max(0, len(db.Name)-20):]
		db.Exec(t, fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'pw-of-%[1]s'", user), fmt.Sprintf("GRANT SELECT ON %s.* TO '%s'@'%%'", db.Name, user))
		t.Cleanup(func() { db.Exec(t, "DROP USER '"+user+"'@'%'") })
		more := map[string]any{"username": user, "password": "pw-of-" + user, "connection": []any{entry(db.URL(), nil, "a", "b")}}
		r, log := logged(t, job(db, "", more))
		readings, err := plugintest.Drain(t.Context(), r, 2, plugintest.Options{})
		if err != nil || len(readings) != 2 {
			t.Fatalf("%d splits, %v", len(readings), err)
		}
		if text := log.String(); strings.Count(text, "there is no consistent view") != 1 || !strings.Contains(text, "grant RELOAD") {
			t.Errorf("log:\n%s", text)
		}
		more["snapshot"] = "required"
		r, _ = logged(t, job(db, "", more))
		if _, err := plugintest.Drain(t.Context(), r, 2, plugintest.Options{}); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "grant RELOAD") {
			t.Errorf("class %v: %v, want a permanent error that names the privilege", errclass.Of(err), err)
		}
	})
}

// TestSnapshotWaitsNotForEver holds a table lock that keeps the view from being
// taken.
func TestSnapshotWaitsNotForEver(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		tables2(t, db)
		c := db.Connect(t)
		if _, err := c.Execute("LOCK TABLES a WRITE"); err != nil {
			t.Fatal(err)
		}
		r, log := logged(t, job(db, "", map[string]any{"connection": []any{entry(db.URL(), nil, "b", "b_")}}))
		db.Exec(t, "CREATE TABLE b_ (id INT PRIMARY KEY, v BIGINT)")
		if _, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{}); err != nil {
			t.Fatal(err)
		}
		if text := log.String(); !strings.Contains(text, "there is no consistent view") {
			t.Errorf("log:\n%s", text)
		}
		if _, err := c.Execute("UNLOCK TABLES"); err != nil {
			t.Fatal(err)
		}
	})
}
