package kafka

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// boundaries writes where transactions of the source begin and end, as Debezium
// does (provide.transaction.metadata), and tells each event its place in its own:
//
//	{"status":"BEGIN","id":"...","ts_ms":1700000000000,"event_count":null,"data_collections":null}
//	{"status":"END","id":"...","ts_ms":1700000000000,"event_count":2,"data_collections":[{"data_collection":"shop.users","event_count":2}]}
//
// A transaction is known by its rows' _gtid, else _txid; it has ended when
// another one begins or a mark comes. After a crash a transaction may begin twice.
type boundaries struct {
	encoder changefmt.Transactor
	system  string // what the events say of the source; "": it tells itself
	topic   string
	current changefmt.Transaction
	tables  map[string]int64 // events by table

	schema *record.Schema // of the row before
	meta   changefmt.Meta
	name   string
}

// row is told of each event's row before it is encoded.
func (t *boundaries) row(ctx context.Context, s *sink, r record.Row) error {
	if schema := r.Schema(); schema != t.schema {
		t.schema, t.meta = schema, changefmt.MetaOf(schema)
		t.name = debeziumfmt.Collection(schema.Name, debeziumfmt.SystemOf(t.system, schema, t.meta.Text(r, t.meta.LSN)))
	}
	id := t.meta.Text(r, t.meta.GTID)
	if len(id) == 0 {
		id = t.meta.Text(r, t.meta.TxID)
	}
	if !bytes.Equal(id, t.current.ID) {
		if err := t.end(ctx, s); err != nil {
			return err
		}
		if len(id) == 0 {
			return nil
		}
		t.current.ID = append(t.current.ID, id...)
		if err := t.write(ctx, s, "BEGIN"); err != nil {
			return err
		}
		t.encoder.In(&t.current)
	}
	if len(id) > 0 {
		t.current.Total++
		t.tables[t.name]++
		t.current.OfTable = t.tables[t.name]
	}
	return nil
}

// end ends the transaction under way, if there is one.
func (t *boundaries) end(ctx context.Context, s *sink) error {
	if len(t.current.ID) == 0 {
		return nil
	}
	if err := t.write(ctx, s, "END"); err != nil {
		return err
	}
	t.encoder.In(nil)
	t.current = changefmt.Transaction{ID: t.current.ID[:0]}
	clear(t.tables)
	return nil
}

func (t *boundaries) write(ctx context.Context, s *sink, status string) error {
	buf := s.producer.Buffer()
	start := len(buf)
	buf = append(jsonfmt.AppendText(append(buf, `{"id":`...), string(t.current.ID)), '}')
	key := len(buf) - start
	buf = append(append(append(buf, `{"status":"`...), status...), `","id":`...)
	buf = jsonfmt.AppendText(buf, string(t.current.ID))
	buf = strconv.AppendInt(append(buf, `,"ts_ms":`...), time.Now().UnixMilli(), 10)
	if status == "BEGIN" {
		buf = append(buf, `,"event_count":null,"data_collections":null}`...)
	} else {
		buf = strconv.AppendInt(append(buf, `,"event_count":`...), t.current.Total, 10)
		buf = append(buf, `,"data_collections":[`...)
		for i, name := range slices.Sorted(maps.Keys(t.tables)) {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = jsonfmt.AppendText(append(buf, `{"data_collection":`...), name)
			buf = append(strconv.AppendInt(append(buf, `,"event_count":`...), t.tables[name], 10), '}')
		}
		buf = append(buf, ']', '}')
	}
	return s.producer.Take(ctx, buf, key, len(buf)-start-key, s.targets[t.topic].first)
}
