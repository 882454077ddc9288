package kafka

import (
	"bytes"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// commits tells an encoder which event is the last one of its transaction: the
// next row is of another one, or the batch ends with a mark, which is no place
// within a transaction unless maxTransactionRows has cut it.
type commits struct {
	encoder changefmt.Committer // nil: the format does not say it
	schema  *record.Schema      // of the row before
	meta    changefmt.Meta
}

// before is told where the event that follows ends in its batch.
func (c *commits) before(b *record.Batch, end int) {
	switch {
	case c.encoder == nil:
	case end == b.Len():
		c.encoder.Commits(len(b.Marks()) > 0 && len(c.transaction(b.Row(end-1))) > 0)
	default:
		id := c.transaction(b.Row(end - 1))
		c.encoder.Commits(len(id) > 0 && !bytes.Equal(id, c.transaction(b.Row(end))))
	}
}

// transaction identifies the one of a row; empty: it is of none that is known.
func (c *commits) transaction(r record.Row) []byte {
	if s := r.Schema(); s != c.schema {
		c.schema, c.meta = s, changefmt.MetaOf(s)
	}
	if id := c.meta.Text(r, c.meta.GTID); len(id) > 0 {
		return id
	}
	return c.meta.Text(r, c.meta.TxID)
}
