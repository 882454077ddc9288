package config

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPlaces compares lines and columns with those that are counted from the
// beginning, around the steps at which counts are kept, too.
func TestPlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "é", "名", "\n", "\r\n", strings.Repeat("x", 700), strings.Repeat("\n", 300), strings.Repeat("名\n", 200)}
	for range 200 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text := NewText("", []byte(b.String()))
		for range 40 {
			at := random.IntN(b.Len() + 1)
			if random.IntN(2) == 0 {
				at = min(b.Len(), at/stepBytes*stepBytes+random.IntN(2))
			}
			before := b.String()[:at]
			line := strings.Count(before, "\n") + 1
			column := 1
			for i := strings.LastIndexByte(before, '\n') + 1; i < at; i++ {
				if beginsChar(before[i]) {
					column++
				}
			}
			if l, c := text.position(at); l != line || c != column {
				t.Fatalf("offset %d of %q is at %d:%d, want %d:%d", at, b.String(), l, c, line, column)
			}
		}
	}
}

// TestManyFaults reads objects with more wrong keys than are named one by one.
func TestManyFaults(t *testing.T) {
	const more = 5
	object := func(format string, n int) *Node {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		root, err := Parse(NewText("", []byte(`{`+b.String()+`}`)))
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	decode := func(root *Node, lenient bool) (int, string, *Notes) {
		var notes Notes
		err := NewDecoder(root, Settings{Lenient: lenient, Notes: &notes, Stray: map[string]string{"stray": "it is one"}}).Decode(&struct{}{})
		faults := Faults(err)
		if lenient || err == nil {
			last := notes.All()[len(notes.All())-1]
			return len(notes.All()), last.Msg, &notes
		}
		return len(faults), faults[len(faults)-1].Msg, &notes
	}
	for _, tt := range []struct {
		format  string
		lenient bool
		last    string
	}{
		{`"key%d": 1,`, false, "unknown keys: 5 more, up to here"},
		{`"key%d": 1,`, true, "unknown keys: 5 more, up to here"},
		{`"?key%d": 1,`, false, "5 more keys have no effect"},
	} {
		root := object(tt.format, mostFaults+more)
		n, last, notes := decode(root, tt.lenient)
		if n != mostFaults+1 || last != tt.last {
			t.Errorf("%s: %d faults or notes, the last is %q", tt.format, n, last)
		}
		for _, m := range root.Members() {
			if !notes.LeftOut(m.Node) {
				t.Fatalf("%s: %s is taken for a key", tt.format, m.Name)
			}
		}
	}
	var b strings.Builder
	for range mostFaults + more + 1 {
		b.WriteString(`"k": 1,`)
	}
	_, err := Parse(NewText("", []byte(`{`+b.String()+`}`)))
	if faults := Faults(err); len(faults) != mostFaults+1 || faults[mostFaults].Msg != "and 5 more names stand twice" {
		t.Errorf("%d faults, the last is %v", len(faults), faults[len(faults)-1])
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"objects": `[` + strings.Repeat(`{"name": "id", "type": "bigint"},`, 1000) + `]`,
		"names":   `[` + strings.Repeat(`"id",`, 5000) + `]`,
		"text":    `"` + strings.Repeat("id = 1 or ", 3000) + `"`,
		"escapes": `["` + strings.Repeat(`a\n`, 10000) + `"]`,
	} {
		data := []byte(text)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(NewText("", data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
