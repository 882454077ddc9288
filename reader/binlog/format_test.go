package binlog

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
)

// TestFormatOutlivesItsEvent overwrites the buffer that the description of the
// log's format came in, as later events do: they are read by it all the same.
func TestFormatOutlivesItsEvent(t *testing.T) {
	f, err := newFollower(&Position{File: "binlog.000001", Offset: 4}, true)
	if err != nil {
		t.Fatal(err)
	}
	body := binary.LittleEndian.AppendUint16(nil, 4)
	body = append(body, append([]byte("10.11.19-MariaDB-log"), make([]byte, 30)...)...)
	body = append(append(body, 0, 0, 0, 0, headerSize), bytes.Repeat([]byte{8}, 171)...)
	body = append(body, byte(replication.BINLOG_CHECKSUM_ALG_OFF), 0, 0, 0, 0)
	raw := rawEvent(replication.FORMAT_DESCRIPTION_EVENT, body)
	if _, err := f.take(raw, false); err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] = 6
	}
	table := rawEvent(replication.TABLE_MAP_EVENT, []byte{1, 2, 3, 4, 5, 6, 0, 0, 1, 's', 0, 1, 't', 0, 1, 3, 0, 1})
	ev, err := f.parse(&event{raw: table})
	if err != nil {
		t.Fatal(err)
	}
	if m := ev.(*replication.TableMapEvent); string(m.Schema) != "s" || string(m.Table) != "t" || m.TableID != 0x060504030201 {
		t.Errorf("the event is about table %d, %q.%q", m.TableID, m.Schema, m.Table)
	}
}

// rawEvent is an event as a server sends it.
func rawEvent(kind replication.EventType, body []byte) []byte {
	raw := make([]byte, headerSize, headerSize+len(body))
	raw[4] = byte(kind)
	binary.LittleEndian.PutUint32(raw[9:], uint32(headerSize+len(body)))
	return append(raw, body...)
}

// TestPlaceBetweenFiles takes a position when the next file has been named and
// nothing of it has come: it must not be known by when the file before was begun.
func TestPlaceBetweenFiles(t *testing.T) {
	f, err := newFollower(&Position{File: "binlog.000001", Offset: 400, Born: 17}, false)
	if err != nil {
		t.Fatal(err)
	}
	rotate := func(offset uint64, name string) {
		t.Helper()
		if _, err := f.take(rawEvent(replication.ROTATE_EVENT, append(binary.LittleEndian.AppendUint64(nil, offset), name...)), false); err != nil {
			t.Fatal(err)
		}
	}
	rotate(400, "binlog.000001") // as each stream begins
	if p := f.position("s"); p.Born != 17 || p.Offset != 400 {
		t.Errorf("the position is %+v", p)
	}
	rotate(4, "binlog.000002")
	if p := f.position("s"); p.File != "binlog.000002" || p.Born != 0 {
		t.Errorf("the position is %+v", p)
	}
}
