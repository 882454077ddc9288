package mysqlkit

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// order is a table of ten columns and rows of about a hundred bytes.
func order() ([]*sqlkit.TableColumn, []record.Kind, *record.Batch, []int) {
	columns := []struct {
		native string
		kind   record.Kind
	}{
		{"bigint", record.Int64}, {"int", record.Int64}, {"int unsigned", record.Int64}, {"smallint", record.Int64}, {"decimal(10,2)", record.Decimal},
		{"double", record.Float64}, {"varchar(16)", record.String}, {"varchar(64)", record.String}, {"varchar(200)", record.String}, {"datetime", record.Datetime},
	}
	var (
		to    []*sqlkit.TableColumn
		kinds []record.Kind
		from  []record.Column
		at    []int
	)
	for i, c := range columns {
		column := record.Column{Name: string(rune('a' + i)), Kind: c.kind, Native: c.native, Nullable: true}
		to, kinds, from, at = append(to, &sqlkit.TableColumn{Column: column}), append(kinds, c.kind), append(from, column), append(at, i)
	}
	s := record.NewSchema(record.Name{Table: "orders"}, from)
	b := record.NewBatch(0, 0)
	for i := range int64(record.TargetRows) {
		b.Begin(s, record.Insert)
		b.Int64(i)
		b.Int64(i % 300_000)
		b.Int64(i % 20_000)
		b.Int64(i % 12)
		b.Text(record.Decimal, "1234.56")
		b.Float64(float64(i%40) / 100)
		b.Text(record.String, "delivered")
		b.Text(record.String, "customer123456@example.com")
		b.Text(record.String, "please ring größer")
		b.Datetime(1_700_000_000+i*37, 0)
	}
	return to, kinds, b, at
}

// BenchmarkParameters encodes a row as parameters of a statement.
func BenchmarkParameters(b *testing.B) {
	columns, kinds, batch, at := order()
	e, err := NewEncoder(columns, kinds)
	if err != nil {
		b.Fatal(err)
	}
	const rows = 256
	p, s := &Pipeline{}, &Insertion{rows: rows, bound: true}
	b.ReportAllocs()
	from := 0
	for b.Loop() {
		p.buf, p.pending = p.buf[:0], 0
		if err := p.Execute(b.Context(), s, e, batch, from, at, 1<<30); err != nil {
			b.Fatal(err)
		}
		from = (from + rows) % batch.Len()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// BenchmarkLines encodes a row as a line of a loaded file.
func BenchmarkLines(b *testing.B) {
	columns, kinds, batch, at := order()
	e, err := NewEncoder(columns, kinds)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if len(buf) > loadPiece {
			buf = buf[:0]
		}
		if buf, err = e.appendLine(buf, batch.Row(i), at); err != nil {
			b.Fatal(err)
		}
		i = (i + 1) % batch.Len()
	}
}

// FuzzEscaped shows that no text ends its field or its line.
func FuzzEscaped(f *testing.F) {
	f.Add("a\tb\nc\\d\x00e")
	f.Add("\\N")
	f.Fuzz(func(t *testing.T, v string) {
		spelled := string(appendEscaped(nil, []byte(v)))
		if strings.ContainsAny(spelled, "\t\n\x00") {
			t.Fatalf("%q is spelled %q", v, spelled)
		}
		back := strings.NewReplacer(`\\`, `\`, `\0`, "\x00", `\t`, "\t", `\n`, "\n").Replace(spelled)
		if back != v {
			t.Fatalf("%q is spelled %q, which reads as %q", v, spelled, back)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 0, 0, 0})
	f.Add([]byte{0xff, 0x15, 0x04, '#', '2', '8', '0', '0', '0', 'n', 'o'})
	f.Add([]byte{0, 0xfe, 1})
	f.Fuzz(func(_ *testing.T, p []byte) { _, _ = parseAnswer(p) })
}

func TestMembers(t *testing.T) {
	got := members(`enum('new','it''s','back\\slash','a,b','zoë','')`)
	for _, want := range []string{"new", "it's", `back\slash`, "a,b", "zoë", ""} {
		if _, ok := got[want]; !ok {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if len(got) != 6 {
		t.Errorf("members %q", got)
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		from   record.Column
		native string
		want   record.Column
	}{
		{record.Column{Kind: record.Int64}, "int", record.Column{Kind: record.Int64}},
		{record.Column{Kind: record.String}, "bigint unsigned", record.Column{Kind: record.Uint64}},
		{record.Column{Kind: record.String}, "int unsigned", record.Column{Kind: record.Int64}},
		{record.Column{Kind: record.String}, "decimal(12,3) unsigned", record.Column{Kind: record.Decimal, Precision: 12, Scale: 3}},
		{record.Column{Kind: record.Decimal, Precision: 5}, "decimal", record.Column{Kind: record.Decimal, Precision: 10}},
		{record.Column{Kind: record.Decimal}, "varchar(9)", record.Column{Kind: record.Decimal}},
		{record.Column{Kind: record.Int64}, "varchar(9)", record.Column{Kind: record.String}},
		{record.Column{Kind: record.String, Native: "bit(3)"}, "bit(3)", record.Column{Kind: record.String}},
		{record.Column{Kind: record.String, Native: "text"}, "bit(3)", record.Column{Kind: record.Uint64}},
		{record.Column{Kind: record.String, Native: "text"}, "bit(1)", record.Column{Kind: record.Bool}},
		{record.Column{Kind: record.Timestamp, Scale: 6}, "datetime(3)", record.Column{Kind: record.Datetime, Scale: 3}},
		{record.Column{Kind: record.Any}, "json", record.Column{Kind: record.JSON}},
		{record.Column{Kind: record.UUID}, "binary(16)", record.Column{Kind: record.Bytes}},
		{record.Column{Kind: record.Bytes}, "point", record.Column{Kind: record.Bytes}},
		{record.Column{Kind: record.Interval}, "time(3)", record.Column{Kind: record.Time, Scale: 3}},
		{record.Column{Kind: record.Bool}, "tinyint(1)", record.Column{Kind: record.Bool}},
	} {
		to := record.Column{Native: tt.native, Length: 3, Scale: 3, Kind: naturals[classOf(tt.native)]}
		got := Target(&tt.from, &sqlkit.TableColumn{Column: to})
		got.Native = ""
		if got != tt.want {
			t.Errorf("%s to %s: %+v, want %+v", tt.from.Kind, tt.native, got, tt.want)
		}
	}
}

// A set takes its members as a list of commas and as a JSON array.
func TestSetValues(t *testing.T) {
	column := record.Column{Name: "s", Kind: record.String, Native: "set('a','b c')"}
	e, err := NewEncoder([]*sqlkit.TableColumn{{Column: column}}, []record.Kind{record.String})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for i, tt := range []struct{ value, want string }{{"a,b c", "a,b c"}, {`["a", "b c"]`, "a,b c"}, {`[]`, ""}, {`["x"]`, ""}, {`[1]`, ""}, {"", ""}} {
		b.Begin(record.NewSchema(record.Name{Table: "t"}, []record.Column{column}), record.Insert)
		b.Text(record.String, tt.value)
		got, err := e.columns[0].set(b.Row(i), 0)
		if bad := strings.ContainsAny(tt.value, "x1"); string(got) != tt.want || (err != nil) != bad {
			t.Errorf("%s: got %q, %v", tt.value, got, err)
		}
	}
}
