package sqlservercdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// pieceBytes is about how much of a table is held in memory, where a view is
// some rows of it.
const pieceBytes = 16 << 20

// piece is the source of rows that have been read, in batches of which each
// ends with a mark.
type piece struct {
	batches []*record.Batch
	more    bool // the table goes on after them
}

var _ plugin.Source = (*piece)(nil)

// gather reads rows of a source until there are about so many bytes. Rows that
// have no order are read to their end, or not at all. There is a mark after that
// many of them at the latest; 0: after any number.
func gather(ctx context.Context, from plugin.Source, name record.Name, ordered bool, bytes, rows int) (*piece, error) {
	p := &piece{}
	for held := 0; held < bytes || ordered && p.last() == nil; {
		b := record.NewBatch(0, 0)
		if b.SetTarget(rows, min(bytes, record.TargetBytes)); held > 0 && ordered && p.last() == nil { // a row was too large to be marked
			b.SetTarget(1, math.MaxInt)
		}
		err := from.Fill(ctx, b)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if !b.Empty() {
			p.batches = append(p.batches, b)
			held += b.Memory()
		}
		if err != nil {
			return p, nil
		}
	}
	if !ordered {
		return nil, errclass.With(errclass.Config, fmt.Errorf("table %s has no key that it could be read in the order of, and is too large to be held in memory: ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON", name))
	}
	p.more = true
	return p, nil
}

// last is the position after the last row, nil: the rows have no order.
func (p *piece) last() json.RawMessage {
	if len(p.batches) == 0 {
		return nil
	}
	marks := p.batches[len(p.batches)-1].Marks()
	if len(marks) == 0 {
		return nil
	}
	return marks[0].Position
}

// Fill implements [plugin.Source].
func (p *piece) Fill(_ context.Context, b *record.Batch) error {
	if len(p.batches) > 0 {
		b.Append(p.batches[0])
		p.batches = p.batches[1:]
	}
	if len(p.batches) == 0 {
		return io.EOF
	}
	return nil
}

// Close implements [plugin.Source].
func (p *piece) Close() error {
	p.batches = nil
	return nil
}
