package datax_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/datax"
)

var schema = record.NewSchema(record.Name{Table: "t"}, []record.Column{
	{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String}, {Name: "none", Kind: record.String, Nullable: true},
	{Name: "price", Kind: record.Decimal}, {Name: "ratio", Kind: record.Float64}, {Name: "at", Kind: record.Timestamp}}, 0)

func row(b *record.Batch) {
	b.Begin(schema, record.Insert)
	b.Int64(42)
	b.String([]byte("Zoë-abcdef"))
	b.Null()
	b.Decimal([]byte("12.50"))
	b.Float64(2.5)
	b.Timestamp(1_700_000_000, 0)
}

// apply runs steps over the row; "" is a row that was filtered.
func apply(t *testing.T, steps ...datax.Settings) (string, error) {
	t.Helper()
	var chain datax.Chain
	for _, s := range steps {
		st, err := datax.NewStep(s)
		if err != nil {
			return "", err
		}
		chain = append(chain, st)
	}
	in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
	row(in)
	if err := chain.NewTransform().Apply(context.Background(), in, out); err != nil || out.Len() == 0 {
		return "", err
	}
	var cells []string
	for c := range schema.Columns {
		if out.Row(0).Kind(c) == record.Null {
			cells = append(cells, "NULL")
		} else {
			cells = append(cells, string(out.Row(0).AppendText(nil, c)))
		}
	}
	return strings.Join(cells, "|"), nil
}

func step(name string, column int, paras ...string) datax.Settings {
	return datax.Settings{Name: name, Column: column, Paras: paras}
}

func TestChanges(t *testing.T) {
	for _, tt := range []struct {
		steps []datax.Settings
		want  string // of the columns id, name and none
	}{
		{[]datax.Settings{step("dx_substr", 1, "2", "4")}, "42|ë-ab|NULL"},
		{[]datax.Settings{step("dx_substr", 1, "8", "9")}, "42|ef|NULL"},
		{[]datax.Settings{step("dx_substr", 1, "10", "1")}, "42||NULL"},
		{[]datax.Settings{step("dx_substr", 2, "2", "4")}, "42|Zoë-abcdef|NULL"},
		{[]datax.Settings{step("dx_pad", 0, "l", "5", "ab")}, "aba42|Zoë-abcdef|NULL"},
		{[]datax.Settings{step("dx_pad", 0, "R", "5", "ab")}, "42aba|Zoë-abcdef|NULL"},
		{[]datax.Settings{step("dx_pad", 1, "l", "3", "*")}, "42|Zoë|NULL"},
		{[]datax.Settings{step("dx_pad", 2, "l", "3", "*")}, "42|Zoë-abcdef|***"},
		{[]datax.Settings{step("dx_replace", 1, "3", "2", "****")}, "42|Zoë****bcdef|NULL"},
		{[]datax.Settings{step("dx_replace", 1, "4", "100", "!")}, "42|Zoë-!|NULL"},
		{[]datax.Settings{step("dx_replace", 2, "0", "1", "!")}, "42|Zoë-abcdef|NULL"},
		{[]datax.Settings{step("dx_digest", 0, "md5", "toUpperCase")}, "A1D0C6E83F027327D8461063F4AC58A6|Zoë-abcdef|NULL"},
		{[]datax.Settings{step("dx_digest", 2, "SHA1", "toLowerCase")}, "42|Zoë-abcdef|da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{[]datax.Settings{step("dx_substr", 1, "4", "6"), step("dx_pad", 1, "r", "8", "x"), step("dx_replace", 1, "0", "2", "")}, "42|cdefxx|NULL"},
	} {
		got, err := apply(t, tt.steps...)
		if want := tt.want + "|12.50|2.5|2023-11-14 22:13:20Z"; err != nil || got != want {
			t.Errorf("%v: got %q, %v; want %q", tt.steps, got, err, want)
		}
	}
}

func TestFilter(t *testing.T) {
	for _, tt := range []struct {
		column          int
		operator, value string
		dropped         bool
	}{
		{1, "like", "Zo.-[a-f]*", true}, {1, "like", "Zo.", false}, {1, "not like", "Zo.", true}, {1, "not  like", "Zoë.*", false},
		{0, ">", "41", true}, {0, ">", "42", false}, {0, ">=", "42", true}, {0, "<", "42.5", true}, {0, "<=", "41", false}, {0, "=", "42", true}, {0, "==", "42.0", true}, {0, "!=", "42", false},
		{3, "=", "12.5", true}, {3, ">", "12.4999999999999999999", true}, {4, "<", "3", true}, {4, "=", "2.5", true},
		{5, ">=", "1700000000000", true}, {5, "<", "1700000000000", false}, {1, ">", "Zoe", true}, {1, "<", "Zz", true},
		{2, ">", "1", false}, {2, "<", "1", false}, {2, "like", ".*", false}, {2, "not like", ".*", true}, {2, "=", "null", true}, {2, "=", "x", false}, {2, "!=", "NULL", false}, {2, "!=", "x", true},
		{1, "=", "null", false}, {1, "!=", "null", true}, {0, "=", "null", false}, {0, "!=", "null", true},
	} {
		got, err := apply(t, step("dx_filter", tt.column, tt.operator, tt.value))
		if err != nil || (got == "") != tt.dropped {
			t.Errorf("column %d %s %s: dropped %v, error %v", tt.column, tt.operator, tt.value, got == "", err)
		}
	}
	if got, err := apply(t, step("dx_substr", 0, "0", "1"), step("dx_filter", 0, "=", "4")); err != nil || got != "" {
		t.Errorf("what a step has made is compared as text: %q, %v", got, err)
	}
}

// A text of these four letters is compared as any other, beside what NULL does.
func TestFilterOfTheTextNull(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "name", Kind: record.String, Nullable: true}}, 0)
	for operator, want := range map[string]string{"=": "x", "!=": "null,NULL"} {
		st, err := datax.NewStep(step("dx_filter", 0, operator, "null"))
		if err != nil {
			t.Fatal(err)
		}
		in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
		for _, text := range []string{"null", "x"} {
			in.Begin(s, record.Insert)
			in.String([]byte(text))
		}
		in.Begin(s, record.Insert)
		in.Null()
		if err := (datax.Chain{st}).NewTransform().Apply(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
		var left []string
		for i := range out.Len() {
			if out.Row(i).Kind(0) == record.Null {
				left = append(left, "NULL")
			} else {
				left = append(left, string(out.Row(i).Bytes(0)))
			}
		}
		if got := strings.Join(left, ","); got != want {
			t.Errorf("%s null leaves %s, want %s", operator, got, want)
		}
	}
}

func TestDirtyRowsNameTheColumn(t *testing.T) {
	_, err := apply(t, step("dx_substr", 1, "11", "1"))
	var refused *errclass.Rows
	if !errors.As(err, &refused) || refused.Bad[0].Column != "name" || !strings.Contains(err.Error(), "the start 11 is beyond its 10 characters") {
		t.Errorf("got %v", err)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		step datax.Settings
		want string
	}{
		{step("dx_groovy", 0), "name: dx_groovy is not supported: no Groovy runs here; write it as transformSql"},
		{step("dx_foo", 0), `name: unknown transformer "dx_foo", known are dx_substr`},
		{step("dx_substr", -1, "1", "2"), "parameter.columnIndex: expected the index of a column"},
		{step("dx_substr", 0, "1"), "parameter.paras: dx_substr takes 2: start, length; found 1"},
		{step("dx_substr", 0, "x", "1"), `parameter.paras[0]: expected a number from 0 on, found "x"`},
		{step("dx_pad", 0, "m", "1", "x"), "parameter.paras[0]: expected l (pad on the left) or r"},
		{step("dx_pad", 0, "l", "1", ""), "parameter.paras[2]: expected the text to pad with"},
		{step("dx_digest", 0, "sha256", "toLowerCase"), "parameter.paras[0]: expected md5 or sha1"},
		{step("dx_digest", 0, "md5", "lower"), "parameter.paras[1]: expected toUpperCase or toLowerCase"},
		{step("dx_filter", 0, "~", "x"), "parameter.paras[0]: expected one of like, not like"},
		{step("dx_filter", 0, "like", "(?=x)"), "parameter.paras[1]: the regular expression \"(?=x)\" cannot be used: look-ahead (?=...) is not supported"},
		{step("dx_filter", 0, ">", "x"), `transformer[0].parameter.paras[1]: expected a number to compare with, found "x"`},
		{step("dx_filter", 5, ">", "2024-01-01"), "is compared as epoch milliseconds"},
		{step("dx_substr", 6, "1", "2"), "transformer[0].parameter.columnIndex: there is no column 6: table t has 6, from 0 on"},
	} {
		if _, err := apply(t, tt.step); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: got %v, want %s", tt.step, err, tt.want)
		}
	}
}
