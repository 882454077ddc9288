package binlog

import (
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// eventOf makes an event of a type and a body.
func eventOf(kind replication.EventType, at uint32, body []byte) []byte {
	e := binary.LittleEndian.AppendUint32(nil, 1_700_000_000)
	e = append(e, byte(kind))
	e = binary.LittleEndian.AppendUint32(e, 1)
	e = binary.LittleEndian.AppendUint32(e, uint32(headerSize+len(body)))
	e = binary.LittleEndian.AppendUint32(e, at)
	return append(append(e, 0, 0), body...)
}

// formatEvent is what a file of MySQL 8 begins with.
func formatEvent() []byte {
	body := append([]byte{4, 0}, make([]byte, 50)...)
	copy(body[2:], "8.0.36")
	body = append(body, 0, 0, 0, 0, headerSize)
	body = append(body, 0, 13, 0, 8, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 98, 0, 4, 26, 8, 0, 0, 0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0)
	return eventOf(replication.FORMAT_DESCRIPTION_EVENT, 126, append(body, 0, 0, 0, 0, 0))
}

// FuzzEvents gives any bytes as events of a log: an error or rows, no panic.
func FuzzEvents(f *testing.F) {
	names := []byte{5, 0, 0, 0, 0, 0, 1, 0, 1, 'd', 0, 1, 't', 0, 2, 3, 15, 2, 40, 0, 2, 4, 5, 2, 'i', 'd', 1, 'v', 8, 1, 0}
	row := []byte{5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 0xff, 0, 7, 0, 0, 0, 1, 'x'}
	f.Add(byte(replication.TABLE_MAP_EVENT), names, byte(replication.WRITE_ROWS_EVENTv2), row)
	f.Add(byte(replication.QUERY_EVENT), append(make([]byte, 13), "CREATE TABLE t (id INT)"...), byte(replication.XID_EVENT), make([]byte, 8))
	f.Add(byte(replication.GTID_EVENT), make([]byte, 42), byte(replication.ROTATE_EVENT), append(make([]byte, 8), "binlog.000002"...))
	f.Add(byte(replication.TRANSACTION_PAYLOAD_EVENT), []byte{2, 1, 0, 0, 1, 2, 3}, byte(replication.MARIADB_GTID_EVENT), make([]byte, 13))
	f.Fuzz(func(t *testing.T, first byte, a []byte, second byte, b []byte) {
		cfg := defaults()
		cfg.JDBCURL, cfg.Username, cfg.Cat = []string{"jdbc:mysql://h/d"}, "u", "insert,update,delete"
		cfg.DDLSkip = false
		made, err := New(plugin.Env{Log: slog.New(slog.DiscardHandler)}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := made.(*reader)
		if !ok {
			t.Fatal("another reader")
		}
		fl, err := newFollower(&Position{Flavor: flavorMySQL, File: "binlog.000001", Offset: 4}, first&1 == 1)
		if err != nil {
			t.Fatal(err)
		}
		s := &source{reader: r, srv: &server{}, f: fl, history: binlogkit.NewHistory(binlogkit.Product{})}
		s.tables = newTables(r, s.srv, s.history)
		s.stamp.want(nil, 18)
		batch := record.NewBatch(0, 0)
		for _, raw := range [][]byte{formatEvent(), eventOf(replication.EventType(first), 300, a), eventOf(replication.EventType(second), 400, b)} {
			e, err := s.f.take(raw, false)
			if err != nil {
				return
			}
			if e.kind == payload {
				if s.unpack(&e) == nil {
					_, _ = s.inner.next()
					s.unpacker.Close()
				}
				return
			}
			if _, err := s.handle(batch, &e); err != nil {
				return
			}
			for s.images.More() && !batch.Over() {
				if s.images.Next(batch, nil) != nil {
					return
				}
			}
		}
	})
}

// FuzzPosition gives any bytes as a stored position.
func FuzzPosition(f *testing.F) {
	p := &Position{Flavor: flavorMySQL, File: "binlog.000001", Offset: 4}
	f.Add(p.encode())
	f.Add([]byte(`{"v":1,"flavor":"mariadb","byGtid":true,"gtids":"0-1-1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodePosition(data)
		if err != nil {
			return
		}
		if _, err := newFollower(p, p.Flavor == flavorMariaDB); err != nil {
			t.Errorf("a position that was taken cannot be followed: %v", err)
		}
		if !json.Valid(p.encode()) {
			t.Error("a position is no JSON")
		}
	})
}
