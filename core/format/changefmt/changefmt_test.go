package changefmt_test

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

func TestPlaces(t *testing.T) {
	for text, system := range map[string]changefmt.System{
		"bin.000001/000000000000000154": changefmt.MySQL, "00000000/016B3748": changefmt.PostgreSQL, "FFFFFFFF/FFFFFFFF": changefmt.PostgreSQL,
		"00000027:00000758:0005": changefmt.SQLServer, "00000027:00000758:0005/00000027:00000758:0003": changefmt.SQLServer,
		"": changefmt.Unknown, "x": changefmt.Unknown, "bin.000001/": changefmt.Unknown, "bin.000001/x": changefmt.Unknown,
	} {
		p := changefmt.ParsePlace([]byte(text))
		if p.System != system {
			t.Errorf("%q is of system %d, want %d", text, p.System, system)
		}
		if back := string(changefmt.AppendPlace(nil, p)); system != changefmt.Unknown && back != text {
			t.Errorf("%q came back as %q", text, back)
		}
	}
	if p := changefmt.ParsePlace([]byte("1/16B3748")); p.System != changefmt.PostgreSQL || p.LSN != 0x1016b3748 {
		t.Errorf("%+v", p)
	}
	if p := changefmt.ParsePlace([]byte("00000001016B3748")); p.System != changefmt.PostgreSQL || p.LSN != 0x1016b3748 {
		t.Errorf("%+v", p)
	}
	if p := changefmt.ParsePlace([]byte("mysql/bin.07/12")); string(p.File) != "mysql/bin.07" || p.Pos != 12 {
		t.Errorf("%+v", p)
	}
}

func TestEvents(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	b := record.NewBatch(10, 1000)
	add := func(op record.Op, id int64) {
		b.Begin(s, op)
		b.Int64(id)
	}
	add(record.UpdateBefore, 0)
	add(record.UpdateAfter, 1)
	add(record.Delete, 2)
	add(record.Insert, 3)
	b.Link()
	add(record.UpdateAfter, 4)
	for _, tt := range []struct {
		g     changefmt.Grouping
		i, n  int
		op    record.Op
		moved bool
	}{
		{changefmt.Alone, 0, 1, record.UpdateBefore, false}, {changefmt.Pairs, 0, 2, record.UpdateAfter, false}, {changefmt.Pairs, 2, 1, record.Delete, false},
		{changefmt.Links, 2, 2, record.UpdateAfter, true}, {changefmt.Links, 3, 1, record.Insert, false}, {changefmt.Links, 4, 1, record.UpdateAfter, false},
	} {
		ev, n := changefmt.At(b, tt.i, tt.g)
		if n != tt.n || ev.Op != tt.op || ev.Moved != tt.moved {
			t.Errorf("row %d, grouping %d: %v of %d rows, moved %t", tt.i, tt.g, ev.Op, n, ev.Moved)
		}
	}
}

// A zone's clock is that of the time package at every instant, in any order.
func TestZone(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Shanghai", "Africa/Monrovia"} {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		z := changefmt.NewZone(location)
		for sec := int64(-5_000_000_000); sec < 5_000_000_000; sec += 7_654_321 {
			for _, at := range []int64{sec, -sec} {
				_, offset := time.Unix(at, 0).In(location).Zone()
				if got := z.Shift(at); got != at+int64(offset) {
					t.Fatalf("%s: %d came as %d, want %d", name, at, got, at+int64(offset))
				}
			}
		}
	}
}
