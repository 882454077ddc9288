package sqlwrite

import (
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Batcher is a Driver that is at its best with batches of another size than
// the usual one; see [plugin.Batcher].
type Batcher interface {
	Batch(channels int) (rows, bytes int)
}

var _ plugin.Batcher = (*writer)(nil)

// Batch implements [plugin.Batcher]. A batchSize that is less than usual bounds
// what a statement holds; what is more would only make a refused row dearer.
func (w *writer) Batch(channels int) (rows, bytes int) {
	if n := w.config.BatchSize; n > 0 && n < record.TargetRows {
		return n, record.TargetBytes
	}
	if b, ok := w.driver.(Batcher); ok {
		return b.Batch(channels)
	}
	return 0, 0
}
