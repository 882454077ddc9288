package binlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// mapEvent is the table map of t (id INT, v VARCHAR(10), j JSON), with names.
func mapEvent() []byte {
	body := []byte{5, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0, 1, 't', 0, 3, 3, 15, 245, 3, 40, 0, 4, 6}
	body = append(body, 1, 1, 0)                           // no column is unsigned
	body = append(body, 2, 1, 45)                          // default collation
	body = append(body, 4, 7, 2, 'i', 'd', 1, 'v', 1, 'j') // names
	body = append(body, 8, 1, 0)                           // the key is id
	return eventOf(replication.TABLE_MAP_EVENT, 300, body)
}

// rowsEvent inserts rows into it.
func rowsEvent(images ...byte) []byte {
	return eventOf(replication.WRITE_ROWS_EVENTv2, 400, append([]byte{5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 0xff}, images...))
}

// image is a row whose JSON is these bytes.
func image(id byte, doc ...byte) []byte {
	return append([]byte{0, id, 0, 0, 0, 1, 'x', byte(len(doc)), 0, 0, 0}, doc...)
}

// poisonedSource is a source without a server.
func poisonedSource(t *testing.T, mode string) *source {
	t.Helper()
	cfg := defaults()
	cfg.JDBCURL, cfg.Username, cfg.Cat, cfg.OnEventFailure = []string{"jdbc:mysql://h/d"}, "u", "insert,update,delete", mode
	made, err := New(plugin.Env{Log: slog.New(slog.DiscardHandler), Gauge: func(string, func() float64, ...string) {}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFollower(&Position{Flavor: flavorMySQL, File: "binlog.000001", Offset: 4}, false)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{reader: made.(*reader), srv: &server{collations: map[uint64]string{45: "utf8mb4"}}, f: f, history: binlogkit.NewHistory(binlogkit.Product{})}
	s.tables = newTables(s.reader, s.srv, s.history)
	s.stamp.want(nil, 18)
	return s
}

// feed gives events to a source until one ends it.
func (s *source) feed(b *record.Batch, events ...[]byte) error {
	for _, raw := range append([][]byte{formatEvent()}, events...) {
		e, err := s.f.take(raw, false)
		if err != nil {
			return s.explain(&e, err)
		}
		if _, err := s.handled(b, &e); err != nil {
			return err
		}
		for s.inner != nil {
			in, _, err := s.nextInner(b)
			if err == nil {
				_, err = s.handled(b, in)
			}
			if err != nil {
				return err
			}
		}
		for s.images.More() {
			if _, err := s.rows(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestPoisonedEvents gives a source events that cannot be read. Either its error
// shows them, or they are handed over and what is behind them is read.
func TestPoisonedEvents(t *testing.T) {
	null := []byte{4, 0} // the JSON literal null
	good := slices.Concat(image(7, null...), image(8, null...))
	for name, c := range map[string]struct {
		events [][]byte
		rows   int // where it is set aside
		bad    int
		table  string
	}{
		"rows cut short":        {[][]byte{mapEvent(), rowsEvent(slices.Concat(image(1, null...), []byte{0, 2, 0})...), rowsEvent(good...)}, 3, 1, "d.t"},
		"another column count":  {[][]byte{mapEvent(), eventOf(replication.WRITE_ROWS_EVENTv2, 400, []byte{5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 9, 0xff, 1, 0}), rowsEvent(good...)}, 2, 1, "d.t"},
		"an unknown JSON":       {[][]byte{mapEvent(), rowsEvent(slices.Concat(image(1, 0x77, 1, 2, 3), image(2, null...))...), rowsEvent(good...)}, 2, 1, "d.t"},
		"no table map":          {[][]byte{rowsEvent(good...), mapEvent(), rowsEvent(good...)}, 2, 1, ""},
		"a table map":           {[][]byte{eventOf(replication.TABLE_MAP_EVENT, 300, []byte{5, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0, 1, 't', 0, 3, 3, 15, 245, 9, 40}), rowsEvent(good...), rowsEvent(good...), mapEvent(), rowsEvent(good...)}, 2, 2, ""},
		"a packed transaction":  {[][]byte{eventOf(replication.TRANSACTION_PAYLOAD_EVENT, 500, []byte{2, 1, 0, 0, 1, 2, 3}), mapEvent(), rowsEvent(good...)}, 2, 1, ""},
		"a packing not known":   {[][]byte{eventOf(replication.TRANSACTION_PAYLOAD_EVENT, 500, []byte{2, 1, 9, 0, 1, 2, 3}), mapEvent(), rowsEvent(good...)}, 2, 1, ""},
		"a statement with rows": {[][]byte{eventOf(replication.QUERY_EVENT, 300, append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 'd', 0}, "DELETE FROM t WHERE id = 4"...)), mapEvent(), rowsEvent(good...)}, 2, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := record.NewBatch(0, 0)
			err := poisonedSource(t, failureStop).feed(b, c.events...)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if c := errclass.Of(err); err == nil || c != errclass.Permanent {
				t.Errorf("it ended as %s", c)
			}
			for _, part := range []string{"EVENT", "binlog.000001:", c.table, "onEventFailure", "bytes are "} {
				if !strings.Contains(strings.ToUpper(text), strings.ToUpper(part)) {
					t.Errorf("%q does not say %q", text, part)
				}
			}
			b.Reset("")
			if err := poisonedSource(t, failureAside).feed(b, c.events...); err != nil {
				t.Fatal(err)
			}
			if b.Len() != c.rows || len(b.Rejects()) != c.bad {
				t.Errorf("%d rows and %d rejects, want %d and %d", b.Len(), len(b.Rejects()), c.rows, c.bad)
			}
			for _, r := range b.Rejects() {
				if len(r.Raw) == 0 || !strings.Contains(r.Err.Error(), "binlog.000001") {
					t.Errorf("rejected %x: %v", r.Raw, r.Err)
				}
			}
		})
	}
}

// TestPoisonedInCutTransaction goes on amid a transaction of which an event was
// set aside before: it is not set aside again.
func TestPoisonedInCutTransaction(t *testing.T) {
	null := []byte{4, 0}
	events := [][]byte{mapEvent(), rowsEvent(slices.Concat(image(1, null...), []byte{0, 2, 0})...), rowsEvent(image(3, null...)...), eventOf(replication.WRITE_ROWS_EVENTv2, 400, []byte{5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 9, 0xff, 1, 0}), rowsEvent(image(4, null...)...)}
	for skip, want := range [][2]int{{3, 2}, {2, 2}, {2, 1}, {1, 1}, {1, 0}, {0, 0}} {
		s := poisonedSource(t, failureAside)
		s.cut.rows = int64(skip)
		b := record.NewBatch(0, 0)
		if err := s.feed(b, events...); err != nil {
			t.Fatal(err)
		}
		if got := [2]int{b.Len(), len(b.Rejects())}; got != want {
			t.Errorf("after %d changes: %v rows and rejects, want %v", skip, got, want)
		}
	}
}

// TestUnknownTable reads a log whose table is not what the stored history says.
func TestUnknownTable(t *testing.T) {
	for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
		t.Run(product, func(t *testing.T) {
			unknownTable(t, start(t, servers.WithArgs("--binlog-row-metadata=MINIMAL")).DB(t))
		})
	}
}

func unknownTable(t *testing.T, db servers.Database) {
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "CREATE TABLE u (id INT PRIMARY KEY)")
	for _, mode := range []string{failureStop, failureAside} {
		p := parameters(db, map[string]any{"onEventFailure": mode, "start": map[string]any{"mode": "latest"}})
		s := follow(t, build(t, p))
		s.close()
		var spec LogSpec
		if err := json.Unmarshal(s.last.Split.Spec, &spec); err != nil {
			t.Fatal(err)
		}
		other := bytes.Replace(spec.History, []byte(`"name":"v"`), []byte(`"name":"v","type":"int"},{"name":"w"`), 1)
		if bytes.Equal(other, spec.History) {
			t.Fatalf("the history is %s", spec.History)
		}
		spec.History = other
		var err error
		if s.last.Split.Spec, err = json.Marshal(spec); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, "DELETE FROM t", "DELETE FROM u", "INSERT INTO t VALUES (1, 2)", "INSERT INTO u VALUES (5)")
		if mode == failureStop {
			err := opening(t, p, s.last)
			if err == nil || errors.Is(err, plugin.ErrReplan) || !strings.Contains(err.Error(), db.Name+".t") {
				t.Errorf("the stream ended with %v", err)
			}
			continue
		}
		s = reopen(t, build(t, p), s.last)
		same(t, s.until(2), []string{"delete u id=int64:5", "insert u id=int64:5"})
		if len(s.bad) != 2 || !strings.Contains(s.bad[0], db.Name+".t") {
			t.Errorf("set aside: %q", s.bad)
		}
	}
}
