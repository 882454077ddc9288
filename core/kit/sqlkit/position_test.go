package sqlkit_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

func TestPosition(t *testing.T) {
	key := []sqlkit.KeyColumn{{Name: "a", Kind: record.Int64}, {Name: `b"`, Kind: record.String}, {Name: "c", Kind: record.Bytes}}
	last := []sqlkit.Value{{Kind: record.Int64, Text: "-42"}, {Kind: record.String, Text: "zoë \"\n"}, {Kind: record.Bytes, Text: "\x00\xff"}}
	raw := sqlkit.AppendPosition(nil, key, last)
	want := `{"v":1,"at":"a=-42, b\"=zoë \"\u000a, c=0x00ff","key":["-42","zoë \"\u000a",{"base64":"AP8="}]}`
	if string(raw) != want {
		t.Errorf("position\n%s, want\n%s", raw, want)
	}
	got, err := sqlkit.ParsePosition(raw, key)
	if err != nil || !slices.Equal(got, last) {
		t.Errorf("ParsePosition = %q, %v", got, err)
	}
	for _, bad := range []string{``, `{}`, `{"v":2,"key":["1","2","3"]}`, `{"v":1,"key":["1"]}`, `{"v":1,"key":[null,"x","y"]}`, `{"v":1,"key":[1,"x","y"]}`} {
		if _, err := sqlkit.ParsePosition([]byte(bad), key); errclass.Of(err) != errclass.PositionLost {
			t.Errorf("ParsePosition(%s) = %v, want class position lost", bad, err)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("plain", []byte{1, 2}, false)
	f.Add("\x80 no text", []byte(nil), true)
	f.Fuzz(func(t *testing.T, text string, data []byte, null bool) {
		key := []sqlkit.KeyColumn{{Name: "a", Kind: record.String}, {Name: "b", Kind: record.Bytes}}
		last := []sqlkit.Value{{Kind: record.String, Text: text}, {Kind: record.Bytes, Text: string(data)}}
		if null {
			key, last = []sqlkit.KeyColumn{{Name: "a", Kind: record.String, Nullable: true}}, []sqlkit.Value{{Kind: record.Null}}
		}
		raw := sqlkit.AppendPosition(nil, key, last)
		if !json.Valid(raw) {
			t.Fatalf("no JSON: %s", raw)
		}
		got, err := sqlkit.ParsePosition(raw, key)
		if err != nil || !slices.Equal(got, last) {
			t.Fatalf("%s read back as %q, %v, want %q", raw, got, err, last)
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"at":"id=1","key":["1"]}`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = sqlkit.ParsePosition(raw, []sqlkit.KeyColumn{{Name: "id", Kind: record.Int64}})
	})
}
