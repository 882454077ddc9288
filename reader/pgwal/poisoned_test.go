package pgwal

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// TestPoisonedMessages puts messages that cannot be read into a stream. Either
// its error shows them, or they are set aside and the stream goes on.
func TestPoisonedMessages(t *testing.T) {
	db := prepared(t, "CREATE TABLE p (id int PRIMARY KEY, v text)")
	run := func(mode string, each func(f *follower, s *source, known uint32)) {
		t.Helper()
		f := follow(t, parameters(t, db, map[string]any{"onEventFailure": mode}))
		db.Exec(t, "DELETE FROM p", "INSERT INTO p VALUES (1, 'x')")
		for f.next().row[0] != "int64 1" {
		}
		s := f.source.(*source)
		for id, rel := range s.tables.byID {
			if rel.schema != nil {
				each(f, s, id)
			}
		}
		f.close()
	}
	messages := func(known uint32) map[string][]byte {
		id := binary.BigEndian.AppendUint32(nil, known)
		return map[string][]byte{
			"Insert":     append(append([]byte{'I'}, id...), 'N', 0, 2, 't', 0, 0, 0, 9, 'x'),
			"Update":     append(append([]byte{'U'}, id...), 'N', 0, 3, 'n', 'n', 'n'),
			"Delete":     append(append([]byte{'D'}, id...), 'Q', 0, 0),
			"Insert ":    append([]byte{'I', 9, 9, 9, 9}, 'N', 0, 0),
			"Relation":   {'R', 1, 2, 3, 4, 'p', 'u'},
			"Truncate":   {'T', 0x7f, 0xff, 0xff, 0xff, 0, 1, 2},
			"Truncate 2": {'T', 0, 0, 0, 2, 0, 1, 2},
		}
	}
	run(failureStop, func(_ *follower, s *source, known uint32) {
		for name, data := range messages(known) {
			name, _, _ = strings.Cut(name, " ")
			err := s.handled(t.Context(), record.NewBatch(0, 0), pgkit.LogMessage{Data: data, At: 0x1_0000_0010})
			if errclass.Of(err) != errclass.Permanent {
				t.Fatalf("%s: %v", name, err)
			}
			for _, part := range []string{"message " + name, "1/10", "onEventFailure", "bytes are "} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if (name == "Update" || name == "Delete") && !strings.Contains(err.Error(), ".p") {
				t.Errorf("%q does not say the table", err)
			}
		}
		if err := s.handled(t.Context(), record.NewBatch(0, 0), pgkit.LogMessage{Data: []byte{'B', 1}}); err == nil {
			t.Error("a begin that is cut short is taken")
		}
	})
	run(failureAside, func(f *follower, s *source, known uint32) {
		b := record.NewBatch(0, 0)
		for name, data := range messages(known) {
			if err := s.handled(t.Context(), b, pgkit.LogMessage{Data: data, At: 16}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := len(b.Rejects()); b.Len() != 0 || n != len(messages(known)) {
			t.Errorf("%d rows and %d rejects", b.Len(), n)
		}
		for _, r := range b.Rejects() {
			if len(r.Raw) == 0 || !strings.Contains(r.Err.Error(), "0/10") {
				t.Errorf("rejected %x: %v", r.Raw, r.Err)
			}
		}
		// What is set aside of a table's definition takes those rows along.
		redefined := append(binary.BigEndian.AppendUint32([]byte{'R'}, known), 'p')
		row := append(binary.BigEndian.AppendUint32([]byte{'I'}, known), 'N', 0, 2, 't', 0, 0, 0, 1, '7', 'n')
		b.Reset("")
		for _, data := range [][]byte{row, redefined, row} {
			if err := s.handled(t.Context(), b, pgkit.LogMessage{Data: data, At: 16}); err != nil {
				t.Error(err)
			}
		}
		if b.Len() != 1 || len(b.Rejects()) != 2 {
			t.Errorf("%d rows and %d rejects, want 1 and 2", b.Len(), len(b.Rejects()))
		}
		f.reopen()
		db.Exec(t, "INSERT INTO p VALUES (8, 'y')")
		for f.next().row[0] != "int64 8" { // what has no position comes again before it
		}
	})
}
