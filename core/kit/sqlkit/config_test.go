package sqlkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// decode reads parameters; %s of the text stands for a sound connection.
func decode(text string) (*sqlkit.ReaderConfig, *config.Notes, error) {
	d, err := config.Inline(strings.ReplaceAll(text, "%s", `"connection":[{"jdbcUrl":["jdbc:x://h/d"],"table":["t"]}]`))
	if err != nil {
		return nil, nil, err
	}
	c := &sqlkit.ReaderConfig{}
	return c, d.Notes(), d.Decode(c)
}

func TestConfig(t *testing.T) {
	c, notes, err := decode(`{"username":"u","password":"p","connection":{"jdbcUrl":"jdbc:x://h/d","table":"t","username":"other","schema":"s"},
		"column":["a",{"name":"b","type":"int","isPart":false},{"index":3},{"name":"k","value":5},{"value":"x"},{"index":6},{"value":"y","type":"string"}],"splitPk":"a","splitStrategy":"RANGE",
		"queryTimeOut":"30","connectTimeOut":2,"increColumn":"","polling":"false","pollingInterval":5000,"properties":{"x":"y"}}`)
	if err != nil {
		t.Fatal(err)
	}
	login := c.Login(c.First())
	got := fmt.Sprintln(c.First().URL(), c.First().TableName(), login.User, login.Password.Reveal(), c.SplitStrategy, c.QueryTimeOut, login.Timeout)
	if want := "jdbc:x://h/d t other p range 30s 2s\n"; got != want {
		t.Errorf("settings %s, want %s", got, want)
	}
	var columns []string
	for i := range c.Column {
		value, constant := c.Column[i].Constant()
		columns = append(columns, fmt.Sprintf("%s %s %v", c.Column[i].Name, value, constant))
	}
	if got := strings.Join(columns, ","); got != "a  false,b  false,3  false,k 5 true,4 x true,6  false,6_ y true" {
		t.Errorf("columns %s", got)
	}
	if n := len(notes.All()); n != 1 { // isPart
		t.Errorf("%d notes: %v", n, notes.All())
	}
}

func TestConfigFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{%s}`:             "column: is required",
		`{"column":["a"]}`: "connection: is required",
		`{"column":["a"],"connection":[{"table":"t"}]}`:                                                 "connection[0].jdbcUrl",
		`{%s,"column":["*","a"]}`:                                                                       "column[0]",
		`{%s,"column":[{"type":"int"}]}`:                                                                "column[0]: has neither",
		`{%s,"column":[{"name":"a","nmae":"b"}]}`:                                                       "column[0].nmae: unknown key",
		`{%s,"column":[{"name":"a","format":"yyyy-Q"}]}`:                                                "column[0].format",
		`{%s,"column":["a"],"splitPK":"a"}`:                                                             `did you mean "splitPk"?`,
		`{%s,"column":["a"],"where":"a=1 limit 3"}`:                                                     "where: holds LIMIT",
		`{%s,"column":["a"],"splitStrategy":"hash"}`:                                                    "expected one of mod, range, auto",
		`{%s,"column":["a"],"splitPkStart":"1"}`:                                                        "splitPkStart: needs splitPk",
		`{%s,"column":["a"],"polling":true}`:                                                            "increColumn: increColumn can't be empty when increment is true: polling",
		`{%s,"column":["a"],"startLocation":"7"}`:                                                       "increColumn: increColumn can't be empty when increment is true: startLocation",
		`{%s,"column":["a"],"increColumn":"a","polling":true,"useMaxFunc":true}`:                        "useMaxFunc: polling and useMaxFunc can't be true at the same time",
		`{%s,"column":["a"],"increColumn":0,"pollingFromMax":true}`:                                     "pollingFromMax: needs polling",
		`{%s,"column":["a"],"increColumn":0,"polling":true,"pollingLag":-1}`:                            "pollingLag",
		`{%s,"column":[{"name":"k","value":"1"}],"splitPk":"K","splitPkEnd":"2","splitStrategy":"mod"}`: "is a constant",
	} {
		_, _, err := decode(text)
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestFormatter(t *testing.T) {
	from := record.NewSchema(record.Name{}, []record.Column{{Name: "d", Kind: record.Date}, {Name: "n", Kind: record.Int64}, {Name: "at", Kind: record.Timestamp}, {Name: "s", Kind: record.String}})
	columns := []sqlkit.Column{{Name: "d", Format: "yyyyMMdd"}, {Name: "n", Format: "yyyy"}, {Name: "at", Format: "HH:mm"}, {Name: "s"}}
	f, err := sqlkit.NewFormatter(from, columns, time.FixedZone("", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
	in.Begin(from, record.Insert)
	in.Date(19782)
	in.Int64(7)
	in.Timestamp(0, 0)
	in.String([]byte("x"))
	if err := f.Append(out, in.Row(0)); err != nil {
		t.Fatal(err)
	}
	var cells []string
	for i, c := range f.Schema.Columns {
		cells = append(cells, c.Kind.String()+" "+string(out.Row(0).AppendText(nil, i)))
	}
	if got := strings.Join(cells, ", "); got != "string 20240229, int64 7, string 08:00, string x" {
		t.Errorf("cells %s", got)
	}
	number := record.NewSchema(record.Name{}, from.Columns[1:2])
	if f, err := sqlkit.NewFormatter(number, columns[1:2], time.UTC); f != nil || err != nil {
		t.Errorf("without a pattern: %v, %v", f, err)
	}
}
