package jsonfmt_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

func anySchema(names []string) *record.Schema {
	columns := make([]record.Column, len(names))
	for i, name := range names {
		columns[i] = record.Column{Name: name, Kind: record.Any, Nullable: true}
	}
	return record.NewSchema(record.Name{}, columns)
}

// decoded reads one object and spells its cells as kind and text.
func decoded(names []string, strict bool, object string) ([]string, error) {
	b := record.NewBatch(0, 0)
	b.Begin(anySchema(names), record.Insert)
	if err := jsonfmt.NewDecoder(names, strict).Append(b, []byte(object)); err != nil {
		return nil, err
	}
	cells := make([]string, len(names))
	for c := range cells {
		cells[c] = b.Row(0).Kind(c).String() + " " + string(b.Row(0).AppendText(nil, c))
	}
	return cells, nil
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{`1`, "int64 1"}, {`-1`, "int64 -1"}, {`0`, "int64 0"}, {`-0`, "decimal -0"},
		{`9223372036854775807`, "int64 9223372036854775807"}, {`-9223372036854775808`, "int64 -9223372036854775808"},
		{`-9223372036854775809`, "decimal -9223372036854775809"}, {`9223372036854775808`, "uint64 9223372036854775808"},
		{`18446744073709551615`, "uint64 18446744073709551615"}, {`18446744073709551616`, "decimal 18446744073709551616"},
		{`123456789012345678901234567890`, "decimal 123456789012345678901234567890"},
		{`0.1`, "decimal 0.1"}, {`1.0`, "decimal 1.0"}, {`12345678901234567.123456789`, "decimal 12345678901234567.123456789"}, {`1e400`, "decimal 1e400"},
		{`true`, "bool true"}, {`false`, "bool false"}, {`null`, "null "},
		{`"a"`, "string a"}, {`""`, "string "}, {`"\u00e9\n\"\\\/\b\f\r\t"`, "string é\n\"\\/\b\f\r\t"}, {`"\ud83d\ude42"`, "string 🙂"}, {`"🙂"`, "string 🙂"},
		{`[1, 2.50 ,{"a":null}]`, `json [1, 2.50 ,{"a":null}]`}, {`{ "b" : 1e2 }`, `json { "b" : 1e2 }`}, {`{}`, "json {}"},
	} {
		got, err := decoded([]string{"x"}, false, `{"other":[{}], "x" : `+tt.value+` }`)
		if err != nil || got[0] != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.value, got, err, tt.want)
		}
	}
}

func TestDecodeMembers(t *testing.T) {
	got, err := decoded([]string{"a", "b", "c", "é"}, false, ` {"c":3,"d":4,"a":1,"\u00e9":5} `)
	if want := []string{"int64 1", "null ", "int64 3", "int64 5"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for object, reason := range map[string]errclass.Reason{
		``: errclass.Conversion, `{`: errclass.Conversion, `[1]`: errclass.Conversion, `1`: errclass.Conversion, `{"x":1}{}`: errclass.Conversion,
		`{"x":01}`: errclass.Conversion, `{"x":NaN}`: errclass.Conversion, `{"x":1,"x":2}`: errclass.Duplicate,
		`{"x":"\ud83d"}`: errclass.Encoding, `{"x":"\ud83da"}`: errclass.Encoding, `{"x":"\ud83d\u0041"}`: errclass.Encoding, "{\"x\":\"\xff\"}": errclass.Encoding,
		`{"x":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + `}`: errclass.Conversion,
	} {
		_, err := decoded([]string{"x"}, false, object)
		if err == nil || errclass.Of(err) != errclass.Data || errclass.AsBadRow(0, err).Reason != reason {
			t.Errorf("%.40s: %v, want a data error of reason %s", object, err, reason)
		}
	}
	if _, err := decoded([]string{"x"}, true, `{"x":1,"y":2}`); errclass.AsBadRow(0, err).Column != "y" {
		t.Errorf("a strict decoder took another member: %v", err)
	}
}

func TestNames(t *testing.T) {
	names, err := jsonfmt.Names([]byte(`{"b":1,"a":{"c":2},"\u00e9":3}`))
	if want := []string{"b", "a", "é"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v", names, err)
	}
	if _, err := jsonfmt.Names([]byte(`[]`)); err == nil {
		t.Error("a list has no names")
	}
}

// FuzzDecode compares with encoding/json.
func FuzzDecode(f *testing.F) {
	f.Add(`{"a":1,"b":[2.50,"\u00e9"],"c":"x\ny"}`)
	f.Add(`{"":-0,"e":1e5}`)
	f.Fuzz(func(t *testing.T, object string) {
		var want map[string]json.RawMessage
		err := json.Unmarshal([]byte(object), &want)
		names := slices.Sorted(maps.Keys(want))
		got, derr := decoded(names, false, object)
		if err != nil || want == nil {
			if derr == nil {
				t.Fatalf("%q: taken, but encoding/json says %v", object, err)
			}
			return
		}
		if derr != nil { // stricter: duplicates, surrogates, UTF-8
			if r := errclass.AsBadRow(0, derr).Reason; r != errclass.Duplicate && r != errclass.Encoding {
				t.Fatalf("%q: %v", object, derr)
			}
			return
		}
		for i, name := range names {
			kind, text, _ := strings.Cut(got[i], " ")
			raw := strings.TrimSpace(string(want[name]))
			if kind == "string" {
				var s string
				if err := json.Unmarshal(want[name], &s); err != nil || s != text {
					t.Fatalf("%q: member %q is %q, want %q, %v", object, name, text, s, err)
				}
				continue
			}
			if kind == "null" {
				text = "null"
			}
			if text != raw {
				t.Fatalf("%q: member %q is %q, want %q", object, name, text, raw)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	line := []byte(`{"id":1234567,"name":"a name of some length","at":"2024-01-02 03:04:05","price":12.50,"ok":true,"text":"another text","n":-42,"none":null,"f":0.125,"last":"the end"}`)
	names, err := jsonfmt.Names(line)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("jsonfmt", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(line)))
		d, s, batch := jsonfmt.NewDecoder(names, false), anySchema(names), record.NewBatch(0, 0)
		for b.Loop() {
			if batch.Full() {
				batch.Reset("0")
			}
			batch.Begin(s, record.Insert)
			if err := d.Append(batch, line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			d := json.NewDecoder(bytes.NewReader(line))
			d.UseNumber()
			var m map[string]any
			if err := d.Decode(&m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
