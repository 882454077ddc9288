package sqlwrite

import "github.com/datasync-io/datasync/core/plugin"

// Batcher is a Driver that is at its best with batches of another size than
// the usual one; see [plugin.Batcher].
type Batcher interface {
	Batch() (rows, bytes int)
}

var _ plugin.Batcher = (*writer)(nil)

// Batch implements [plugin.Batcher].
func (w *writer) Batch() (rows, bytes int) {
	if b, ok := w.driver.(Batcher); ok {
		return b.Batch()
	}
	return 0, 0
}
