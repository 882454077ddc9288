package pgwal

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// TestPositions spells positions and reads them again; those inside of a
// transaction are of a version of their own.
func TestPositions(t *testing.T) {
	for _, tt := range []struct {
		p    place
		want string
	}{
		{place{at: 0x16_00000A00}, `{"v":1,"at":"16/A00"}`},
		{place{at: 0x16_00000A00, timeline: 3}, `{"v":1,"at":"16/A00","timeline":3}`},
		{place{at: 0x16_00000A00, within: within{Commit: 0x17_00000001, Skip: 12, Last: 0x16_FFFFFFFF}}, `{"v":2,"at":"16/A00","within":{"commit":"17/1","skip":12,"last":"16/FFFFFFFF"}}`},
	} {
		raw, err := tt.p.encode()
		if err != nil || string(raw) != tt.want {
			t.Errorf("%+v is spelled %s, %v", tt.p, raw, err)
		}
		if got, err := parsePosition(raw); err != nil || got != tt.p {
			t.Errorf("%s was read as %+v, %v", raw, got, err)
		}
	}
	for _, bad := range []string{``, `{}`, `{"v":3,"at":"0/1"}`, `{"v":2,"at":"0/1"}`, `{"v":1,"at":"x"}`, `{"v":2,"at":"0/1","within":{"commit":"0/2","skip":0,"last":"0/1"}}`, `{"v":2,"at":"0/1","within":{"commit":"x","skip":1,"last":"0/1"}}`} {
		if got, err := parsePosition(json.RawMessage(bad)); errclass.Of(err) != errclass.PositionLost {
			t.Errorf("%s was read as %+v, %v", bad, got, err)
		}
	}
}

// TestLeftWithin leaves the log inside of a transaction: the split that goes on
// with it begins there.
func TestLeftWithin(t *testing.T) {
	want := place{at: 0x16_00000A00, within: within{Commit: 0x17_00000001, Skip: 12, Last: 0x16_FFFFFFFF}}
	raw, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	split, err := logSplit(&spec{V: version, Slot: "s", After: "0/1", Within: &within{Commit: 3, Skip: 1, Last: 2}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		position string
		want     place
	}{{string(raw), want}, {`{"v":1,"at":"16/A00"}`, place{at: 0x16_00000A00}}, {"", place{at: 1, within: within{Commit: 3, Skip: 1, Last: 2}}}} {
		p := plugin.Progress{Split: split}
		if tt.position != "" {
			p.Position = json.RawMessage(tt.position)
		}
		sp, err := left(p)
		if err != nil {
			t.Fatal(err)
		}
		next, err := logSplit(sp, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := parseSpec(next); err != nil || got != tt.want {
			t.Errorf("left at %q, the log goes on at %+v, %v", tt.position, got, err)
		}
	}
}

// TestAnotherTransaction begins inside of a transaction that is not as it was:
// nothing is skipped in silence.
func TestAnotherTransaction(t *testing.T) {
	for name, w := range map[string]within{
		"shorter":       {Commit: 90, Skip: 4, Last: 40},
		"another place": {Commit: 90, Skip: 2, Last: 21},
		"gone":          {Commit: 80, Skip: 2, Last: 20},
		"later":         {Commit: 99, Skip: 2, Last: 20},
	} {
		s := &source{reader: &reader{config: defaults()}, within: w}
		err := s.begin(transaction{end: 90})
		for i := 0; i < 3 && err == nil; i++ {
			_, err = s.counts(10 * (1 + s.tx.last/10))
		}
		if err == nil {
			err = s.commit(95)
		}
		if errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "transaction that was committed at 0/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefusedHalf refuses the later half of an update: the row before goes with
// it, and the refusal stands where the pair would have.
func TestRefusedHalf(t *testing.T) {
	db := prepared(t, "CREATE TABLE r (id int, v timetz)", "ALTER TABLE r REPLICA IDENTITY FULL")
	f := follow(t, parameters(t, db, nil))
	db.Exec(t, "BEGIN; INSERT INTO r VALUES (1, '12:00:00+01'); UPDATE r SET v = '12:00:00+01:02:03'; INSERT INTO r VALUES (2, NULL); COMMIT")
	f.want([]string{"int64 1", "time 12:00:00+01:00"})
	if got := f.next(); len(got.row) != 2 || got.row[0] != "rejected" || !strings.Contains(got.row[1], "table "+db.Name+".public.r at ") || !strings.Contains(got.row[1], "seconds") {
		t.Errorf("the log gave %v", got)
	}
	f.want([]string{"int64 2", "null"})
	db.Exec(t, "UPDATE r SET v = '12:00:00+01:02:03' WHERE id = 2") // alone, and so at the end of a batch
	if got := f.next(); len(got.row) != 2 || got.row[0] != "rejected" {
		t.Errorf("the log gave %v", got)
	}
}
