package sqlwrite

import "github.com/datasync-io/datasync/core/plugin"

// Batcher is a Driver that is at its best with batches of another size than
// the usual one; see [plugin.Batcher].
type Batcher interface {
	Batch(channels int) (rows, bytes int)
}

var _ plugin.Batcher = (*writer)(nil)

// Batch implements [plugin.Batcher].
func (w *writer) Batch(channels int) (rows, bytes int) {
	if b, ok := w.driver.(Batcher); ok {
		return b.Batch(channels)
	}
	return 0, 0
}
