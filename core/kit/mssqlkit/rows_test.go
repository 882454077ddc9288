package mssqlkit_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/record"
)

// dial connects to a peer; the connection is closed before the peer ends.
func dial(t *testing.T, s *tdspeer.Server) *mssqlkit.Conn {
	t.Helper()
	c, err := mssqlkit.Dial(t.Context(), settings(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func settings(s *tdspeer.Server) *mssqlkit.Settings {
	return &mssqlkit.Settings{Host: "127.0.0.1", Port: s.Port(), Database: "shop", User: "sa", Password: config.NewSecret("secret")}
}

// answers is a handler that gives one result to the statements that begin with
// a text, in order of the list; nothing to others.
func answers(list map[string]tdspeer.Result) tdspeer.Handler {
	return func(q *tdspeer.Request) tdspeer.Reply {
		for head, result := range list {
			if strings.HasPrefix(q.SQL, head) {
				return tdspeer.Reply{Results: []tdspeer.Result{result}}
			}
		}
		return tdspeer.Reply{}
	}
}

func utc(y int, m time.Month, d, hour, minute, sec, ns int) time.Time {
	return time.Date(y, m, d, hour, minute, sec, ns, time.UTC)
}

// matrix is a column of every type with its edge values and the cells they are.
var matrix = []struct {
	native string
	values []any
	cells  []string
}{
	{"bit", []any{true, false}, []string{"bool true", "bool false"}},
	{"tinyint", []any{0, 255}, []string{"int64 0", "int64 255"}},
	{"smallint", []any{-32768, 32767}, []string{"int64 -32768", "int64 32767"}},
	{"int", []any{-1 << 31, 1<<31 - 1}, []string{"int64 -2147483648", "int64 2147483647"}},
	{"bigint", []any{-1 << 63, 1<<63 - 1}, []string{"int64 -9223372036854775808", "int64 9223372036854775807"}},
	{"real", []any{16777216.0, 0.1}, []string{"float32 16777216", "float32 0.1"}},
	{"float", []any{-0.1, 1.7976931348623157e308}, []string{"float64 -0.1", "float64 1.7976931348623157e+308"}},
	{"decimal(38,10)", []any{"-9999999999999999999999999999.9999999999", "0.0000000001"}, []string{"decimal -9999999999999999999999999999.9999999999", "decimal 0.0000000001"}},
	{"decimal(38,0)", []any{"99999999999999999999999999999999999999"}, []string{"decimal 99999999999999999999999999999999999999"}},
	{"numeric(5,2)", []any{"-0.05", "100"}, []string{"decimal -0.05", "decimal 100.00"}},
	{"money", []any{"-922337203685477.5808", "922337203685477.5807", "0.0001"}, []string{"decimal -922337203685477.5808", "decimal 922337203685477.5807", "decimal 0.0001"}},
	{"smallmoney", []any{"-214748.3648", "1"}, []string{"decimal -214748.3648", "decimal 1.0000"}},
	{"nchar(3)", []any{"a  "}, []string{"string a  "}},
	{"nvarchar(20)", []any{"", "zoë\x00", "\U0001F600"}, []string{"string ", "string zoë\x00", "string \U0001F600"}},
	{"nvarchar(max)", []any{"", strings.Repeat("é\U0001F600", 40_000)}, []string{"string ", "string " + strings.Repeat("é\U0001F600", 40_000)}},
	{"varchar(20)", []any{"plain", []byte{0xe9, 0x80}}, []string{"string plain", "string é€"}},
	{"text", []any{"old"}, []string{"string old"}},
	{"ntext", []any{"old é"}, []string{"string old é"}},
	{"xml", []any{"<a>ü</a>"}, []string{"string <a>ü</a>"}},
	{"binary(4)", []any{[]byte{0, 1, 2, 255}}, []string{"bytes \x00\x01\x02\xff"}},
	{"varbinary(10)", []any{[]byte{}, []byte{0}}, []string{"bytes ", "bytes \x00"}},
	{"varbinary(max)", []any{[]byte{}, []byte(strings.Repeat("\x00\xff", 1<<20))}, []string{"bytes ", "bytes " + strings.Repeat("\x00\xff", 1<<20)}},
	{"image", []any{[]byte{1, 2}}, []string{"bytes \x01\x02"}},
	{"rowversion", []any{[]byte{0, 0, 0, 0, 0, 0, 7, 209}}, []string{"bytes \x00\x00\x00\x00\x00\x00\x07\xd1"}},
	{"hierarchyid", []any{[]byte{0x58}}, []string{"bytes \x58"}},
	{"geography", []any{[]byte{0xe6, 0x10, 0, 0}}, []string{"bytes \xe6\x10\x00\x00"}},
	{"uniqueidentifier", []any{"00112233-4455-6677-8899-aabbccddeeff"}, []string{"uuid 00112233-4455-6677-8899-aabbccddeeff"}},
	{"date", []any{utc(1, 1, 1, 0, 0, 0, 0), utc(9999, 12, 31, 0, 0, 0, 0)}, []string{"date 0001-01-01", "date 9999-12-31"}},
	{"time(7)", []any{utc(1, 1, 1, 23, 59, 59, 999999900), utc(1, 1, 1, 0, 0, 0, 100)}, []string{"time 23:59:59.9999999", "time 00:00:00.0000001"}},
	{"time(0)", []any{utc(1, 1, 1, 23, 59, 59, 0)}, []string{"time 23:59:59"}},
	{"datetime", []any{utc(1753, 1, 1, 0, 0, 0, 0), utc(9999, 12, 31, 23, 59, 59, 997e6), utc(2024, 2, 29, 1, 2, 3, 3e6)},
		[]string{"datetime 1753-01-01 00:00:00.000", "datetime 9999-12-31 23:59:59.997", "datetime 2024-02-29 01:02:03.003"}},
	{"smalldatetime", []any{utc(1900, 1, 1, 0, 0, 0, 0), utc(2079, 6, 6, 23, 59, 0, 0)}, []string{"datetime 1900-01-01 00:00:00", "datetime 2079-06-06 23:59:00"}},
	{"datetime2(7)", []any{utc(1, 1, 1, 0, 0, 0, 100), utc(9999, 12, 31, 23, 59, 59, 999999900)}, []string{"datetime 0001-01-01 00:00:00.0000001", "datetime 9999-12-31 23:59:59.9999999"}},
	{"datetime2(3)", []any{utc(2024, 1, 1, 0, 0, 0, 120e6)}, []string{"datetime 2024-01-01 00:00:00.120"}},
	{"datetimeoffset(7)", []any{time.Date(2024, 1, 1, 23, 30, 0, 100, time.FixedZone("", -90*60)), time.Date(1, 1, 1, 14, 0, 0, 0, time.FixedZone("", 14*3600))},
		[]string{"timestamp 2024-01-01 23:30:00.0000001-01:30", "timestamp 0001-01-01 14:00:00.0000000+14:00"}},
	{"sql_variant", []any{tdspeer.Variant{Type: "int", Value: 5}, tdspeer.Variant{Type: "nvarchar(10)", Value: "é"}, tdspeer.Variant{Type: "float", Value: 0.5}, tdspeer.Variant{Type: "bit", Value: true}},
		[]string{"int64 5", "string é", "float64 0.5", "bool true"}},
}

func TestTypes(t *testing.T) {
	for _, nbc := range []bool{false, true} {
		for _, m := range matrix {
			columns := []tdspeer.Column{{Name: "k", Type: "int"}, {Name: "v", Type: m.native, Nullable: true}}
			rows := [][]any{{0, nil}}
			want := [][]string{{"int64 0", "null"}}
			for i, v := range m.values {
				rows = append(rows, []any{i + 1, v})
				want = append(want, []string{"int64 " + string(rune('1'+i)), m.cells[i]})
			}
			peer := tdspeer.Start(t, answers(map[string]tdspeer.Result{"SELECT": {Columns: columns, Rows: rows, NBC: nbc}}))
			c := dial(t, peer)
			got := read(t, c, "SELECT k, v FROM t", mssqlkit.Column("k", "int", false), mssqlkit.Column("v", m.native, true))
			if diff := plugintest.Same(want, got); diff != "" {
				t.Errorf("%s (nbc %v): %s", m.native, nbc, diff)
			}
			if !c.Reusable() {
				t.Errorf("%s: the connection is not in order after its rows", m.native)
			}
		}
	}
}

// read reads a statement to its end.
func read(t *testing.T, c *mssqlkit.Conn, sql string, columns ...record.Column) [][]string {
	t.Helper()
	rows, err := c.Stream(t.Context(), sql, columns, 0)
	if err != nil {
		t.Fatal(err)
	}
	schema := record.NewSchema(record.Name{}, columns)
	b := record.NewBatch(1<<20, 1<<30)
	for {
		if err := rows.Next(0); errors.Is(err, io.EOF) {
			return plugintest.BatchCells(b)
		} else if err != nil {
			t.Fatal(err)
		}
		b.Begin(schema, record.Insert)
		if err := rows.Append(b, len(columns)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVariantsOfTables(t *testing.T) {
	tagged := func(s string) tdspeer.Variant {
		return tdspeer.Variant{Type: "nvarchar(100)", Value: "\x01datasync:" + s}
	}
	rows := [][]any{{tagged("decimal:1.50")}, {tagged("uuid:00112233-4455-6677-8899-AABBCCDDEEFF")}, {tagged("date:2024-02-29")}, {tagged("time:01:02:03.0000001")},
		{tagged("datetime:2024-02-29 01:02:03.003")}, {tagged("timestamp:2024-02-29 01:02:03.0000001 +02:00")},
		{tdspeer.Variant{Type: "varbinary(8)", Value: []byte{1, 2}}}, {tdspeer.Variant{Type: "nvarchar(9)", Value: "decimal:1"}}}
	peer := tdspeer.Start(t, answers(map[string]tdspeer.Result{"SELECT": {Columns: []tdspeer.Column{{Name: "v", Type: "sql_variant", Nullable: true}}, Rows: rows}}))
	want := [][]string{{"decimal 1.50"}, {"uuid 00112233-4455-6677-8899-aabbccddeeff"}, {"date 2024-02-29"}, {"time 01:02:03.0000001"},
		{"datetime 2024-02-29 01:02:03.003"}, {"timestamp 2024-02-29 01:02:03.0000001+02:00"}, {"bytes \x01\x02"}, {"string decimal:1"}}
	c := dial(t, peer)
	if diff := plugintest.Same(want, read(t, c, "SELECT /*variant*/ v FROM t", mssqlkit.Column("v", "sql_variant", true))); diff != "" {
		t.Error(diff)
	}
	// In a statement of the user's own nothing says what the bytes are.
	stream, err := c.Stream(t.Context(), "SELECT v FROM t", []record.Column{mssqlkit.Column("v", "sql_variant", true)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for range 7 {
		if err := stream.Next(0); err != nil {
			t.Fatal(err)
		}
	}
	b.Begin(record.NewSchema(record.Name{}, []record.Column{mssqlkit.Column("v", "sql_variant", true)}), record.Insert)
	if err := stream.Append(b, 1); errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), "CAST") {
		t.Errorf("bytes of a sql_variant: %v", err)
	}
	if raw := string(stream.Raw(1)); raw != `{"v":"0x0102"}` {
		t.Errorf("raw %s", raw)
	}
}

func TestPatience(t *testing.T) {
	hold := make(chan struct{})
	columns := []tdspeer.Column{{Name: "k", Type: "int"}}
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		if q.SQL != "SELECT k FROM t" {
			return tdspeer.Reply{}
		}
		return tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: [][]any{{1}, {2}}, Hold: hold}}}
	})
	c := dial(t, peer)
	rows, err := c.Stream(t.Context(), "SELECT k FROM t", []record.Column{mssqlkit.Column("k", "int", false)}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := rows.Next(0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := rows.Next(time.Millisecond); !errors.Is(err, mssqlkit.ErrWait) {
			t.Fatalf("a row that is not there: %v", err)
		}
	}
	if c.Reusable() {
		t.Error("the connection is in order while rows are outstanding")
	}
	close(hold)
	if err := rows.Next(0); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
	if !c.Reusable() {
		t.Error("the connection is not in order after its rows")
	}
}

func TestEndings(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	columns := []tdspeer.Column{{Name: "k", Type: "int"}}
	some := [][]any{{1}, {2}}
	for name, x := range map[string]struct {
		reply tdspeer.Reply
		first time.Duration
		cut   bool
		class errclass.Class
	}{
		"dropped":              {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: some}}, Drop: true}, class: errclass.Transient},
		"dropped at once":      {reply: tdspeer.Reply{Drop: true}, class: errclass.Transient},
		"deadlock at the end":  {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: some}}, Errors: []tdspeer.Error{{Number: 1205, Message: "deadlocked"}}}, class: errclass.Transient},
		"no table":             {reply: tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: "Invalid object name"}}}, class: errclass.Config},
		"conversion":           {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: some}}, Errors: []tdspeer.Error{{Number: 245, Message: "Conversion failed"}}}, class: errclass.Permanent},
		"fatal":                {reply: tdspeer.Reply{Errors: []tdspeer.Error{{Number: 824, Class: 24, Message: "I/O error"}}, Drop: true}, class: errclass.Transient},
		"other columns":        {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: append(columns, tdspeer.Column{Name: "l", Type: "int"}), Rows: [][]any{{1, 2}}}}}, class: errclass.Permanent},
		"cut while it waits":   {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: some, Hold: hold}}}, cut: true, class: errclass.Transient},
		"no row within a time": {reply: tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Hold: hold}}}, first: time.Millisecond, class: errclass.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
				if q.SQL != "SELECT k FROM t" {
					return tdspeer.Reply{}
				}
				return x.reply
			})
			_ = peer
			c := dial(t, peer)
			rows, err := c.Stream(t.Context(), "SELECT k FROM t", []record.Column{mssqlkit.Column("k", "int", false)}, x.first)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				if err = rows.Next(0); err == nil && x.cut {
					c.Interrupt()
				}
			}
			if errclass.Of(err) != x.class {
				t.Errorf("%v is %s, want %s", err, errclass.Of(err), x.class)
			}
			if c.Reusable() {
				t.Error("the connection counts as in order")
			}
		})
	}
}
