package kafka

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Sink    = (*sink)(nil)
	_ plugin.Flusher = (*sink)(nil)
)

// format is a body's encoder.
type format interface {
	AppendRow(dst []byte, r record.Row) ([]byte, error)
}

// sink is one channel with a producer of its own.
type sink struct {
	config   *Config
	channel  int
	producer *kafkakit.Producer
	format   format
	targets  map[string]target // by topic

	schema *record.Schema // of the row before
	route  *route
	routes map[*record.Schema]*route
}

// Write implements [plugin.Sink]: rows that cannot be encoded, or are larger
// than their topic takes, are refused, all others taken.
func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var bad []errclass.BadRow
	for i := range b.Len() {
		if err := s.row(ctx, b.Row(i)); err != nil {
			if errclass.Of(err) != errclass.Data {
				return err
			}
			row := errclass.AsBadRow(i, err)
			if errors.Is(err, kafkakit.ErrTooLarge) {
				row.Reason = errclass.TooLarge
			}
			bad = append(bad, row)
		}
	}
	if err := s.producer.Advance(ctx); err != nil {
		return err
	}
	if len(bad) > 0 {
		return &errclass.Rows{Bad: bad, Written: true}
	}
	return nil
}

// row encodes one row into the producer's buffer and hands it over. A data
// error is the row's own.
func (s *sink) row(ctx context.Context, r record.Row) error {
	route, err := s.use(r.Schema())
	if err != nil {
		return err
	}
	op := r.Op()
	if op != record.Insert {
		if s.config.Format != "json" {
			return errclass.With(errclass.Config, errors.New(`format flinkx takes inserted rows only, this job has updates or deletes: set "format": "json"`))
		}
		if op == record.UpdateBefore {
			return nil // the row as it is now follows
		}
	}
	buf := s.producer.Buffer()
	start := len(buf)
	buf, key, err := appendKey(buf, r, route.key)
	if err != nil {
		return err
	}
	lane := route.first + int(s.partition(route, buf[start:], key))
	value := -1
	if op == record.Delete {
		if key < 0 {
			return errclass.BadValue("", errclass.Null, "a delete without a key cannot be written: set partitionAssignColumns")
		}
	} else {
		at := len(buf)
		if buf, err = s.format.AppendRow(buf, r); err != nil {
			return err
		}
		value = len(buf) - at
	}
	return s.producer.Take(ctx, buf, key, value, lane)
}

// partition chooses where a row goes; a negative n means that it has no key.
func (s *sink) partition(r *route, key []byte, n int) int32 {
	switch {
	case r.partitions == 1 || s.config.Strategy == "all-to-zero":
		return 0
	case n < 0:
		return int32(s.channel % r.partitions)
	default:
		return kafkakit.Partition(key, r.partitions)
	}
}

// appendKey appends the key of a row: the text of one column, a JSON array of
// several. n is its length, or -1 for a row without key, which is also one
// whose only key column is NULL.
func appendKey(dst []byte, r record.Row, columns []int) (out []byte, n int, err error) {
	start := len(dst)
	switch {
	case len(columns) == 0, len(columns) == 1 && r.Kind(columns[0]) <= record.Null:
		return dst, -1, nil
	case len(columns) == 1:
		dst = r.AppendText(dst, columns[0])
	default:
		if dst, err = jsonfmt.AppendArray(dst, r, columns); err != nil {
			return dst, 0, err
		}
	}
	return dst, len(dst) - start, nil
}

// Flush implements [plugin.Flusher].
func (s *sink) Flush(ctx context.Context) error { return s.producer.Flush(ctx) }

// Close implements [plugin.Sink].
func (s *sink) Close() error { return s.producer.Close() }
