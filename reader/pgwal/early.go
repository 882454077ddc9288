package pgwal

import (
	"fmt"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// pending is a schema change that is handed on next, after a mark that stands
// before it: who begins there finds it again.
type pending struct {
	change *record.Change
	at     place
	state  []byte // the tables there
}

// goesBefore has a change handed on next, before what comes after a place.
func (s *source) goesBefore(c *record.Change, at place, was *relation) (err error) {
	p := pending{change: c, at: at}
	if was == nil {
		p.state, err = s.tables.state()
	} else {
		p.state, err = s.tables.stateWith(c.Name, was)
	}
	s.changes = append(s.changes, p)
	return err
}

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

// changed takes a schema change at a place in: it is handed on next, was handed
// on before the transaction, or is to be: then the stream ends. A table of which
// the transaction has changed rows before cannot be changed earlier: the
// transaction is cut there. was is the table before, nil: as it is.
func (s *source) changed(c *record.Change, at place, was *relation, touched bool) error {
	for _, e := range s.tx.early {
		if e.Kind == c.Kind && e.Name == c.Name && e.LSN == c.LSN {
			return nil
		}
	}
	cut := touched || s.tx.cut || s.tx.skip > 0 || s.reader.config.Temporary || s.reader.config.MaxTransactionRows > 0
	if cut || at.within == (within{}) {
		return s.goesBefore(c, at, was)
	}
	s.reader.early.add(s.tx.end, c)
	return errclass.With(errclass.Transient, fmt.Errorf("table %s has changed amid a transaction: it is read again, with the change before it", c.Name))
}
