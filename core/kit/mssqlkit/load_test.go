package mssqlkit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/record"
)

// cell appends one value.
type cell func(b *record.Batch)

func text(s string) cell     { return func(b *record.Batch) { b.Text(record.String, s) } }
func dec(s string) cell      { return func(b *record.Batch) { b.Text(record.Decimal, s) } }
func bin(s string) cell      { return func(b *record.Batch) { b.Text(record.Bytes, s) } }
func integer(v int64) cell   { return func(b *record.Batch) { b.Int64(v) } }
func unsigned(v uint64) cell { return func(b *record.Batch) { b.Uint64(v) } }
func double(v float64) cell  { return func(b *record.Batch) { b.Float64(v) } }
func single(v float32) cell  { return func(b *record.Batch) { b.Float32(v) } }
func uuid(s string) cell     { return func(b *record.Batch) { b.Text(record.UUID, s) } }
func day(n int64) cell       { return func(b *record.Batch) { b.Date(n) } }
func clock(ns int64) cell    { return func(b *record.Batch) { b.Time(ns) } }
func wall(sec int64, ns uint32) cell {
	return func(b *record.Batch) { b.Datetime(sec, ns) }
}
func instant(sec int64, ns uint32, minutes int) cell {
	return func(b *record.Batch) { b.TimestampOffset(sec, ns, minutes) }
}
func null(b *record.Batch) { b.Null() }

const (
	yearOne   = -62135596800
	afterLast = 253402300800
)

// loads are cells by the type of their column: what the server sees, or an
// error with a reason.
var loads = []struct {
	native string
	cell   cell
	want   any
}{
	{"bit", func(b *record.Batch) { b.Bool(true) }, true},
	{"tinyint", unsigned(255), int64(255)},
	{"tinyint", integer(0), int64(0)},
	{"tinyint", integer(-1), errclass.Overflow},
	{"tinyint", unsigned(256), errclass.Overflow},
	{"smallint", integer(-32768), int64(-32768)},
	{"smallint", integer(32768), errclass.Overflow},
	{"int", integer(math.MinInt32), int64(math.MinInt32)},
	{"int", integer(math.MaxInt32 + 1), errclass.Overflow},
	{"bigint", integer(math.MinInt64), int64(math.MinInt64)},
	{"bigint", unsigned(1 << 63), errclass.Overflow},
	{"bigint", text("1"), errclass.Conversion},
	{"real", single(0.1), float64(float32(0.1))},
	{"real", single(float32(math.Inf(1))), errclass.Conversion},
	{"float", double(-0.1), -0.1},
	{"float", double(math.Copysign(0, -1)), math.Copysign(0, -1)},
	{"float", double(math.NaN()), errclass.Conversion},
	{"decimal(38,10)", dec("-9999999999999999999999999999.9999999999"), "-9999999999999999999999999999.9999999999"},
	{"decimal(38,0)", dec("99999999999999999999999999999999999999"), "99999999999999999999999999999999999999"},
	{"decimal(5,2)", dec("1e2"), "100.00"},
	{"decimal(5,2)", dec("-1.50000"), "-1.50"},
	{"decimal(5,2)", dec("0.000"), "0.00"},
	{"decimal(5,2)", dec("-0"), "0.00"},
	{"decimal(5,2)", dec("1000"), errclass.Overflow},
	{"decimal(5,2)", dec("0.005"), errclass.Overflow},
	{"decimal(5,2)", dec("NaN"), errclass.Overflow},
	{"decimal(5,2)", dec("1e999999"), errclass.Overflow},
	{"numeric(9,9)", dec("0.000000001"), "0.000000001"},
	{"money", dec("-922337203685477.5808"), "-922337203685477.5808"},
	{"money", dec("922337203685477.5807"), "922337203685477.5807"},
	{"money", dec("922337203685477.5808"), errclass.Overflow},
	{"money", dec("1.00001"), errclass.Overflow},
	{"smallmoney", dec("-214748.3648"), "-214748.3648"},
	{"smallmoney", dec("214748.3648"), errclass.Overflow},
	{"nvarchar(4)", text("\U0001F600é"), "\U0001F600é"},
	{"nvarchar(2)", text("\U0001F600é"), errclass.Overflow},
	{"nvarchar(4)", text(""), ""},
	{"nvarchar(4)", text("a\xff"), errclass.Encoding},
	{"nvarchar(max)", text(strings.Repeat("é", 70_000)), strings.Repeat("é", 70_000)},
	{"nvarchar(max)", text(""), ""},
	{"nchar(3)", text("ab"), "ab"},
	{"ntext", text("é"), "é"},
	{"xml", text("<a/>"), "<a/>"},
	{"varchar(4)", text("é€"), []byte{0xe9, 0x80}},
	{"varchar(4)", text("世"), errclass.Encoding},
	{"varchar(2)", text("abc"), errclass.Overflow},
	{"varchar(max)", text(""), []byte{}},
	{"text", text("ab"), []byte("ab")},
	{"binary(4)", bin("\x00\x01"), []byte{0, 1}},
	{"varbinary(2)", bin(""), []byte{}},
	{"varbinary(2)", bin("abc"), errclass.Overflow},
	{"varbinary(max)", bin(strings.Repeat("\x00", 100_000)), make([]byte, 100_000)},
	{"image", bin("ab"), []byte("ab")},
	{"uniqueidentifier", uuid("00112233-4455-6677-8899-AABBCCDDEEFF"), "00112233-4455-6677-8899-aabbccddeeff"},
	{"uniqueidentifier", uuid("00112233-4455-6677-8899"), errclass.Conversion},
	{"date", day(yearOne / 86400), "0001-01-01"},
	{"date", day(afterLast/86400 - 1), "9999-12-31"},
	{"date", day(afterLast / 86400), errclass.Overflow},
	{"date", day(yearOne/86400 - 1), errclass.Overflow},
	{"date", func(b *record.Batch) { b.Infinity(record.Date, 1) }, errclass.Overflow},
	{"time(7)", clock(86399_999_999_900), "23:59:59.9999999"},
	{"time(3)", clock(1_500_000), errclass.Overflow},
	{"time(0)", clock(1_000_000_000), "00:00:01"},
	{"time(7)", clock(-1), errclass.Overflow},
	{"time(7)", clock(86400_000_000_000), errclass.Overflow},
	{"time(7)", func(b *record.Batch) { b.TimeOffset(0, 60) }, errclass.Conversion},
	{"datetime2(7)", wall(yearOne, 100), "0001-01-01 00:00:00.0000001"},
	{"datetime2(7)", wall(afterLast-1, 999_999_900), "9999-12-31 23:59:59.9999999"},
	{"datetime2(7)", wall(0, 1), errclass.Overflow},
	{"datetime2(3)", wall(0, 120_000_000), "1970-01-01 00:00:00.120"},
	{"datetime2(0)", wall(afterLast, 0), errclass.Overflow},
	{"datetime", wall(-6847804800, 0), "1753-01-01 00:00:00.000"},
	{"datetime", wall(-6847804801, 0), errclass.Overflow},
	{"datetime", wall(0, 4_000_000), "1970-01-01 00:00:00.003"},
	{"datetime", wall(afterLast-1, 997_000_000), "9999-12-31 23:59:59.997"},
	{"datetime", wall(afterLast-1, 999_000_000), errclass.Overflow},
	{"datetime", wall(86399, 999_000_000), "1970-01-02 00:00:00.000"},
	{"datetime", wall(0, 500_000), errclass.Overflow},
	{"smalldatetime", wall(60, 0), "1970-01-01 00:01"},
	{"smalldatetime", wall(61, 0), errclass.Overflow},
	{"smalldatetime", wall(-2208988801, 0), errclass.Overflow},
	{"datetimeoffset(7)", instant(1704065400, 100, -90), "2023-12-31 22:00:00.0000001 -01:30"},
	{"datetimeoffset(0)", instant(yearOne, 0, 14*60), "0001-01-01 14:00:00 +14:00"},
	{"datetimeoffset(0)", instant(yearOne, 0, -60), errclass.Overflow},
	{"datetimeoffset(0)", instant(0, 0, 15*60), errclass.Overflow},
	{"hierarchyid", bin("\x58"), []byte{0x58}},
	{"geography", bin("\xe6\x10"), []byte{0xe6, 0x10}},
	{"int", null, nil},
	{"nvarchar(max)", null, nil},
	{"varchar(3)", null, nil},
	{"text", null, nil},
	{"datetime", null, nil},
	{"uniqueidentifier", null, nil},
}

// target is a server that takes loads into columns and shows them.
type target struct {
	columns []tdspeer.Column
	loads   []*tdspeer.Load
	reply   tdspeer.Reply // to a load
}

func (x *target) handle(q *tdspeer.Request) tdspeer.Reply {
	switch {
	case q.Load != nil:
		x.loads = append(x.loads, q.Load)
		return x.reply
	case strings.HasPrefix(q.SQL, "select * from"):
		return tdspeer.Reply{Results: []tdspeer.Result{{Columns: x.columns}}}
	}
	return tdspeer.Reply{}
}

func column(native string) *sqlkit.TableColumn {
	return &sqlkit.TableColumn{Column: mssqlkit.Column("c", native, true)}
}

func TestLoad(t *testing.T) {
	for i, l := range loads {
		t.Run(fmt.Sprintf("%d %s", i, l.native), func(t *testing.T) {
			x := &target{columns: []tdspeer.Column{{Name: "c", Type: l.native, Nullable: true}}}
			c := dial(t, tdspeer.Start(t, x.handle))
			loader, err := c.NewLoader("[dbo].[t]", []*sqlkit.TableColumn{column(l.native)}, map[string]int{"c": 1252})
			if err != nil {
				t.Fatal(err)
			}
			b := record.NewBatch(0, 0)
			b.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: "c", Kind: record.Any}}), record.Insert)
			l.cell(b)
			n, err := loader.Load(t.Context(), mssqlkit.Source{Len: 1, Row: b.Row, Cells: []int{0}})
			if reason, ok := l.want.(errclass.Reason); ok {
				var refused *errclass.Rows
				if !errors.As(err, &refused) || len(refused.Bad) != 1 || refused.Bad[0].Reason != reason || refused.Bad[0].Column != "c" {
					t.Fatalf("%v, want one row refused for %s", err, reason)
				}
				if len(x.loads) > 0 {
					t.Error("the row was sent")
				}
				return
			}
			if err != nil || n != 1 || len(x.loads) != 1 {
				t.Fatalf("%d rows, %d loads: %v", n, len(x.loads), err)
			}
			if got := x.loads[0].Rows[0][0]; fmt.Sprintf("%T %#v", got, got) != fmt.Sprintf("%T %#v", l.want, l.want) {
				t.Errorf("the server sees %T %.100v, want %.100v", got, got, l.want)
			}
		})
	}
}

// three is rows of a nullable int, of which the second is given.
func three(second cell) *record.Batch {
	b := record.NewBatch(0, 0)
	s := record.NewSchema(record.Name{}, []record.Column{{Name: "c", Kind: record.Any}})
	for _, f := range []cell{integer(1), second, integer(3)} {
		b.Begin(s, record.Insert)
		f(b)
	}
	return b
}

func TestRefusedLoads(t *testing.T) {
	required := column("int")
	required.Nullable = false
	for name, f := range map[string]struct {
		second cell
		reply  tdspeer.Reply
		class  errclass.Class
		bad    bool // the row is named
		lost   bool // the connection is of no use any more
	}{
		"sound":                   {second: integer(2)},
		"a value does not fit":    {second: integer(1 << 40), class: errclass.Data, bad: true},
		"NULL":                    {second: null, class: errclass.Data, bad: true},
		"both refuse":             {second: null, reply: tdspeer.Reply{Errors: []tdspeer.Error{{Number: 2627, Message: "duplicate"}}}, class: errclass.Data, bad: true},
		"the server refuses":      {second: integer(2), reply: tdspeer.Reply{Errors: []tdspeer.Error{{Number: 547, Message: "CHECK"}, {Number: 3621, Message: "terminated"}}}, class: errclass.Data},
		"deadlock":                {second: integer(2), reply: tdspeer.Reply{Errors: []tdspeer.Error{{Number: 1205, Message: "victim"}}}, class: errclass.Transient, lost: true},
		"dropped":                 {second: integer(2), reply: tdspeer.Reply{Drop: true}, class: errclass.Transient, lost: true},
		"dropped after a refusal": {second: null, reply: tdspeer.Reply{Drop: true}, class: errclass.Transient, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			x := &target{columns: []tdspeer.Column{{Name: "c", Type: "int", Nullable: true}}, reply: f.reply}
			c := dial(t, tdspeer.Start(t, x.handle))
			loader, err := c.NewLoader("[t]", []*sqlkit.TableColumn{required}, nil)
			if err != nil {
				t.Fatal(err)
			}
			b := three(f.second)
			_, err = loader.Load(t.Context(), mssqlkit.Source{Len: 3, Row: b.Row, Cells: []int{0}})
			var refused *errclass.Rows
			named := errors.As(err, &refused)
			if (err != nil) != (f.class != errclass.Permanent) || err != nil && errclass.Of(err) != f.class || named != f.bad {
				t.Fatalf("class %s, rows named %v: %v", errclass.Of(err), named, err)
			}
			if named && (len(refused.Bad) != 1 || refused.Bad[0].Index != 1 || refused.Written) {
				t.Errorf("refused %+v", refused)
			}
			if c.Reusable() == f.lost {
				t.Errorf("the connection is in order: %v", c.Reusable())
			}
			if f.lost {
				return
			}
			x.reply = tdspeer.Reply{}
			b = three(integer(2))
			if n, err := loader.Load(t.Context(), mssqlkit.Source{Len: 3, Row: b.Row, Cells: []int{0}}); err != nil || n != 3 {
				t.Errorf("the next load: %d, %v", n, err)
			}
		})
	}
}

func TestLoadOfAGoneTable(t *testing.T) {
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		if strings.HasPrefix(q.SQL, "select * from") {
			return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: "Invalid object name 't'."}}}
		}
		return tdspeer.Reply{}
	})
	c := dial(t, peer)
	loader, err := c.NewLoader("[t]", []*sqlkit.TableColumn{column("int")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := three(integer(2))
	if _, err := loader.Load(context.Background(), mssqlkit.Source{Len: 3, Row: b.Row, Cells: []int{0}}); errclass.Of(err) != errclass.Config || mssqlkit.Code(err) != 208 {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
	if _, err := c.Query(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("the connection afterwards: %v", err)
	}
}

// TestLoadOfAChangedTable: a column that is gone is no passing fault.
func TestLoadOfAChangedTable(t *testing.T) {
	x := &target{columns: []tdspeer.Column{{Name: "d", Type: "int"}}}
	c := dial(t, tdspeer.Start(t, x.handle))
	loader, err := c.NewLoader("[t]", []*sqlkit.TableColumn{column("int")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := three(integer(2))
	if _, err := loader.Load(t.Context(), mssqlkit.Source{Len: 3, Row: b.Row, Cells: []int{0}}); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "column c does not exist") {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
	if c.Reusable() {
		t.Error("the connection counts as in order")
	}
}

func TestLoadOptions(t *testing.T) {
	x := &target{columns: []tdspeer.Column{{Name: "a b", Type: "int"}, {Name: "c", Type: "varchar(max)", Nullable: true}}}
	peer := tdspeer.Start(t, x.handle)
	c := dial(t, peer)
	name := column("varchar(max)")
	second := column("int")
	second.Name = "a b"
	loader, err := c.NewLoader("[my]]db].[dbo].[t.1]", []*sqlkit.TableColumn{name, second}, map[string]int{"c": 65001})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	b.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: "x", Kind: record.Int64}, {Name: "y", Kind: record.String}}), record.Insert)
	b.Int64(7)
	b.Text(record.String, "世")
	if _, err := loader.Load(t.Context(), mssqlkit.Source{Len: 1, Row: b.Row, Cells: []int{1, 0}}); err != nil {
		t.Fatal(err)
	}
	want := "SET FMTONLY ON|select * from [my]]db].[dbo].[t.1] SET FMTONLY OFF|" +
		"INSERT BULK [my]]db].[dbo].[t.1] ([c] varchar(max), [a b] int) WITH (CHECK_CONSTRAINTS,FIRE_TRIGGERS,KEEP_NULLS,ROWS_PER_BATCH = 1): 1 rows"
	if got := strings.Join(peer.Log(), "|"); got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	if got := fmt.Sprintf("%q", x.loads[0].Rows); got != `[["世" '\a']]` {
		t.Errorf("rows %s", got)
	}
	if _, err := c.NewLoader("[t]", []*sqlkit.TableColumn{column("rowversion")}, nil); errclass.Of(err) != errclass.Config {
		t.Errorf("a rowversion: %v", err)
	}
	if _, err := c.NewLoader("[t]", []*sqlkit.TableColumn{column("varchar(3)")}, map[string]int{"c": 1361}); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "1361") {
		t.Errorf("an unknown code page: %v", err)
	}
}

func TestLiterals(t *testing.T) {
	peer := tdspeer.Start(t, func(*tdspeer.Request) tdspeer.Reply { return tdspeer.Reply{Affected: 1} })
	c := dial(t, peer)
	key := column("int")
	key.Name = "k"
	loader, err := c.NewLoader("[t]", []*sqlkit.TableColumn{key, column("sql_variant")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	s := record.NewSchema(record.Name{}, []record.Column{{Name: "k", Kind: record.Int64}, {Name: "c", Kind: record.Any}})
	values := []cell{null, integer(-5), unsigned(1 << 63), double(0.1), dec("1.50"), text("it's \\\n é"), bin("\x00\xff"), uuid("00112233-4455-6677-8899-aabbccddeeff"),
		func(b *record.Batch) { b.Bool(true) }, day(0), clock(1_000_000), wall(0, 100), instant(0, 0, 90)}
	for i, v := range values {
		b.Begin(s, record.Insert)
		b.Int64(int64(i))
		v(b)
	}
	if n, err := loader.Load(t.Context(), mssqlkit.Source{Len: b.Len(), Row: b.Row, Cells: []int{0, 1}}); err != nil || n != 1 {
		t.Fatalf("%d: %v", n, err)
	}
	want := "INSERT INTO [t] ([k], [c]) VALUES (CAST(0 AS bigint), NULL), (CAST(1 AS bigint), CAST(-5 AS bigint)), (CAST(2 AS bigint), CAST(9223372036854775808 AS decimal(20,0))), " +
		"(CAST(3 AS bigint), CAST(1e-01 AS float)), (CAST(4 AS bigint), 1.50), (CAST(5 AS bigint), CAST((CAST(N'' AS nvarchar(max)) + N'it''s \\' + N'\n é') AS nvarchar(4000))), (CAST(6 AS bigint), 0x00ff), " +
		"(CAST(7 AS bigint), CAST(N'00112233-4455-6677-8899-aabbccddeeff' AS uniqueidentifier)), (CAST(8 AS bigint), CAST(1 AS bit)), (CAST(9 AS bigint), CAST(N'1970-01-01' AS date)), " +
		"(CAST(10 AS bigint), CAST(N'00:00:00.001' AS time(7))), (CAST(11 AS bigint), CAST(N'1970-01-01T00:00:00.0000001' AS datetime2(7))), " +
		"(CAST(12 AS bigint), CAST(N'1970-01-01T01:30:00+01:30' AS datetimeoffset(7)))"
	if got := peer.Log(); len(got) != 1 || got[0] != want {
		t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	b = record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Int64(1)
	b.Text(record.Bytes, strings.Repeat("x", 8001))
	var refused *errclass.Rows
	if _, err := loader.Load(t.Context(), mssqlkit.Source{Len: 1, Row: b.Row, Cells: []int{0, 1}}); !errors.As(err, &refused) || refused.Bad[0].Reason != errclass.TooLarge {
		t.Errorf("8,001 bytes: %v", err)
	}
}

// FuzzDecimal loads decimals and compares what arrives with what was written.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0.00", "12.50", "1e3", "1E-3", ".5", "5.", "+7", "-", "1.2.3", "00012.3400", "1e-9", "99999999999.99999"} {
		f.Add(s, uint8(12), uint8(4))
	}
	f.Fuzz(func(t *testing.T, s string, precision, scale uint8) {
		precision, scale = precision%38+1, scale%39
		if scale > precision {
			scale = precision
		}
		plain, ok := mssqlkit.PlainDecimal([]byte(s), int(precision), int(scale))
		want, sound := new(big.Rat).SetString(s)
		if !ok {
			if sound && !strings.ContainsAny(s, "/_xXbBoOpP") && len(s) < 20 && fits(want, int(precision), int(scale)) && !strings.ContainsAny(s, "eE") {
				t.Fatalf("%q is refused for decimal(%d,%d)", s, precision, scale)
			}
			return
		}
		got, err := new(big.Rat).SetString(plain)
		if !err || !sound || got.Cmp(want) != 0 || !fits(got, int(precision), int(scale)) {
			t.Fatalf("%q became %q for decimal(%d,%d)", s, plain, precision, scale)
		}
	})
}

func fits(r *big.Rat, precision, scale int) bool {
	n := new(big.Rat).Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	return n.IsInt() && new(big.Int).Abs(n.Num()).Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)) < 0
}
