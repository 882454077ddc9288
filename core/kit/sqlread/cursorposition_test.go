package sqlread

import (
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// FuzzCursorPosition reads positions: what is taken is written again as it was
// understood.
func FuzzCursorPosition(f *testing.F) {
	for _, raw := range []string{
		`{"v":1,"from":""}`,
		`{"v":1,"at":"c=7","startLocation":"3","endLocation":"7","from":">=","values":[{"kind":"int64","text":"7"}],"last":{"kind":"int64","text":"7"},"keys":"AAAAAAAAAAAAAAAAAAAAAA==","spread":true}`,
		`{"v":1,"from":"after","values":[{"kind":"bytes","base64":"AP8="},{"kind":"string","text":"é"}]}`,
		`{"v":2,"from":""}`, `{"v":1,"from":">"}`, `{"v":1,"from":">=","values":[{"kind":"any"}]}`, `{"v":1,"from":"","keys":"AA=="}`, `[]`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		state, err := parseCursor(raw)
		if err != nil {
			if errclass.Of(err) != errclass.PositionLost {
				t.Fatalf("%s: %v, want class position lost", raw, err)
			}
			return
		}
		c := &cursor{cursorState: state, limit: rememberedRows}
		again, err := parseCursor(c.position(&report{column: "c", spell: func(v sqlkit.Value) string { return v.Text }}))
		if err != nil || again.bound.op != state.bound.op || again.old.len() != state.old.len() || (again.last == nil) != (state.last == nil) {
			t.Fatalf("%s: %+v, written and read %+v, %v", raw, state, again, err)
		}
		for i, v := range state.bound.values {
			if again.bound.values[i] != v {
				t.Fatalf("%s: value %d is %+v, written and read %+v", raw, i, v, again.bound.values[i])
			}
		}
	})
}

// TestStoredValues keeps what no JSON text can hold.
func TestStoredValues(t *testing.T) {
	for _, v := range []sqlkit.Value{
		{Kind: record.Int64, Text: "-1"}, {Kind: record.String, Text: ""}, {Kind: record.String, Text: "a\x00\"\\é\u2028"},
		{Kind: record.String, Text: "\xff"}, {Kind: record.Bytes, Text: ""}, {Kind: record.Bytes, Text: "\x00\xff"}, {Kind: record.Decimal, Text: "1.50"},
	} {
		c := &cursor{cursorState: cursorState{bound: bound{fromAbove, []sqlkit.Value{v}}}}
		state, err := parseCursor(c.position(&report{spell: func(sqlkit.Value) string { return "" }}))
		if err != nil || state.bound.values[0] != v {
			t.Errorf("%+v: read %+v, %v", v, state.bound.values, err)
		}
	}
}
