package pgwal

import (
	"fmt"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// early are the schema changes that are handed on before the transaction in
// which the log tells of them. The log tells of a table when it is first used
// after the change, which may be amid a transaction with rows of other tables;
// a writer whose rows wait for the transaction's end cannot follow it there.
// Such a transaction is read again, in another stream, with its changes first.
// A process that ends meanwhile forgets them, and the next one finds them again.
type early struct {
	mu      sync.Mutex
	changes map[pgkit.LSN][]*record.Change // by the transaction's end
}

// of returns the changes that go before a transaction.
func (e *early) of(end pgkit.LSN) []*record.Change {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changes[end]
}

// add puts a change before a transaction.
func (e *early) add(end pgkit.LSN, c *record.Change) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.changes == nil {
		e.changes = map[pgkit.LSN][]*record.Change{}
	}
	list := e.changes[end]
	e.changes[end] = append(list[:len(list):len(list)], c)
}

// forget forgets a transaction that has been read.
func (e *early) forget(end pgkit.LSN) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.changes, end)
}

// changed takes a schema change in: it is handed on next, was handed on before
// the transaction, or is to be: then the stream ends. A table of which the
// transaction has changed rows before cannot be changed earlier.
func (s *source) changed(c *record.Change, touched bool) error {
	for _, e := range s.tx.early {
		if e.Kind == c.Kind && e.Name == c.Name && e.LSN == c.LSN {
			return nil
		}
	}
	if !s.tx.rows || touched || s.reader.config.Temporary {
		s.changes = append(s.changes, c)
		return nil
	}
	s.reader.early.add(s.tx.end, c)
	return errclass.With(errclass.Transient, fmt.Errorf("table %s has changed amid a transaction: it is read again, with the change before it", c.Name))
}
