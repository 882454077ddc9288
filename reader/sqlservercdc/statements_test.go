package sqlservercdc

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestStatements compares what the server is asked with a file.
func TestStatements(t *testing.T) {
	from, err := parseLSN("00000032:00002038:0005")
	if err != nil {
		t.Fatal(err)
	}
	to := from.next()
	var columns []sqlkit.TableColumn
	for _, c := range [][2]string{{"__$start_lsn", "binary(10)"}, {"id", "bigint"}, {"it's]", "varchar(20)"}, {"sum", "int"}, {"body", "nvarchar(max)"}, {"__$command_id", "int"}} {
		col := sqlkit.TableColumn{Column: mssqlkit.Column(c[0], c[1], true)}
		if c[1] == "varchar(20)" {
			col.Select = "CONVERT(nvarchar(20), " + mssqlkit.Dialect.Quote(c[0]) + ")"
		}
		columns = append(columns, col)
	}
	c := newCapture(instance{name: "dbo_odd]name"}, record.Name{Schema: "dbo", Table: "odd]name"}, columns, []string{"sum"}, []string{"id"}, nil, nil)
	var b strings.Builder
	for _, one := range []struct{ what, sql string }{
		{"is it enabled", sqlEnabled}, {"how far is it", sqlStatus}, {"commits", sqlCommits(from, to)}, {"capture instances", sqlInstances},
		{"computed columns", sqlComputed("42")}, {"key", sqlKey("42")}, {"tables with changes", sqlBusy([]span{{"dbo_a", from, to}, {"dbo_odd]name", to, to}})},
		{"changes", c.statement(from, to)}, {"retention", sqlRetention}, {"agent", sqlAgent}, {"is it there", sqlThere(record.Name{Database: "d", Schema: "dbo", Table: "it's"})}, {"permission", sqlReadable("dbo_a")},
		{"the end of the log", sqlLogEnd}, {"readings of the log", sqlScans}, {"being committed", sqlCommitting}, {"begin a view", sqlBegin}, {"fix it", sqlFix(record.Name{Database: "d", Schema: "dbo", Table: "it's"})},
		{"compare keys", sqlCompare(record.Name{Database: "d", Schema: "dbo", Table: "odd]name"}, []record.Column{mssqlkit.Column("a", "varchar(20)", false), mssqlkit.Column("b]", "uniqueidentifier", false)},
			handover.Key{{Kind: record.String, Text: "it's"}, {Kind: record.UUID, Text: "00112233-4455-6677-8899-aabbccddeeff"}}, handover.Key{{Kind: record.String, Text: "zoë"}, {Kind: record.UUID, Text: "00112233-4455-6677-8899-aabbccddeef0"}})},
	} {
		b.WriteString("-- " + one.what + "\n" + one.sql + "\n\n")
	}
	file := filepath.Join("testdata", "statements.sql")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the statements have changed: look at the difference after go test -run TestStatements -update\n%s", b.String())
	}
	// The second data column of the rows is the second captured one, the third the fourth.
	for bits, touched := range map[byte][]int{0b0001: {0}, 0b0010: {1}, 0b1000: {2}, 0b0100: nil} {
		for i := range c.schema.Columns {
			want := len(touched) > 0 && touched[0] == i
			if got := c.changed([]byte{0, bits}, i); got != want {
				t.Errorf("mask %b: column %s is changed: %t, want %t", bits, c.schema.Columns[i].Name, got, want)
			}
		}
	}
}

func TestLSN(t *testing.T) {
	for text, want := range map[string]string{
		"00000032:00002038:0005": "00000032:00002038:0005", "32:2038:5": "00000032:00002038:0005", "0000002A:0000aBcD:00fF": "0000002a:0000abcd:00ff",
		"0x00000032000020380005": "00000032:00002038:0005", "0:0:0": "00000000:00000000:0000",
		"": "", "1": "", "1:2": "", "1:2:3:4": "", "1::3": "", "g:0:0": "", "100000000:0:0": "", "0:0:10000": "", "0x32": "", "16/B374D848": "",
	} {
		l, err := parseLSN(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q was taken as %s", text, l)
		case want != "" && (err != nil || l.String() != want):
			t.Errorf("%q is %s, %v, want %s", text, l, err, want)
		}
	}
	var previous lsn
	for _, text := range []string{"0:0:1", "0:0:ffff", "0:1:0", "0:ffffffff:ffff", "1:0:0", "ffffffff:ffffffff:fffe"} {
		l, err := parseLSN(text)
		if err != nil {
			t.Fatal(err)
		}
		if !previous.before(l) || previous.String() >= l.String() {
			t.Errorf("%s does not sort before %s", previous, l)
		}
		if l.next().previous() != l || l.previous().next() != l || !l.before(l.next()) {
			t.Errorf("around %s are %s and %s", l, l.previous(), l.next())
		}
		previous = l
	}
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"at":"00000032:00002038:0005"}`))
	f.Add([]byte(`{"v":1,"at":"1:2:3"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		at, err := parsePosition(raw)
		if err != nil {
			return
		}
		again, err := parsePosition(appendPosition(nil, at))
		if err != nil || again != at {
			t.Errorf("%s became %s, %v", at, again, err)
		}
	})
}
