package changefmt

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// Encoder makes messages. It is for one goroutine.
type Encoder interface {
	// Meta names the metadata columns that the messages can hold.
	Meta() []string
	// Grouping tells which rows one event of AppendValue is to hold.
	Grouping() Grouping
	// Begin says that the events that follow are written at that time.
	Begin(now time.Time)
	// AppendKey appends the key of a row's message, made of these columns of it;
	// false: the row has none, and nothing was appended. An error is a data error.
	AppendKey(dst []byte, r record.Row, columns []int) (out []byte, ok bool, err error)
	// AppendValue appends the message of an event. An error is a data error that
	// names the column; dst is then as it was.
	AppendValue(dst []byte, e Event) ([]byte, error)
	// AppendChange appends the key and the value of the message that tells of a
	// schema change; a negative key: it has none. false: the format tells of no
	// such change.
	AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool)
}

// Registrar is an Encoder that must be told of a table before its first row,
// as it makes the table's schema known elsewhere.
type Registrar interface {
	// Register makes the schema of the messages of a topic known: keys of these
	// columns, values of s. Errors are classified.
	Register(ctx context.Context, topic string, s *record.Schema, key []int) error
	// Forget drops what Register has made: schemas come and go.
	Forget()
}

// Upserter is an Encoder whose messages may be rows as they are now: then a row
// before its update is none, and a delete is a message without value.
type Upserter interface{ Upserts() bool }

// Transactor is an Encoder whose messages tell their place in a transaction.
type Transactor interface {
	// In says that the events that follow are of a transaction; nil: of none that
	// is told. It is read at each event.
	In(tx *Transaction)
}

// Committer is an Encoder whose messages tell that they are the last one of a
// transaction.
type Committer interface {
	// Commits says whether the event that follows is that.
	Commits(last bool)
}

// Transaction is an event's place in its transaction.
type Transaction struct {
	ID             []byte // borrowed
	Total, OfTable int64  // the event's number in it, and of its table, from 1
}

// Header is a name and value beside a message.
type Header struct {
	Name  string
	Value []byte
}

// Keyless is an Encoder whose messages have no key: what AppendKey appends
// chooses their partition alone.
type Keyless interface{ Keyless() }

// Headed is an Encoder whose messages have headers.
type Headed interface {
	// AppendHeaders appends the headers of the event's message. Their memory is
	// borrowed until the next call.
	AppendHeaders(dst []Header, e Event) []Header
}

// Message is what a decoder is given. Its memory is borrowed for the call.
type Message struct {
	Topic      string
	Partition  int32
	Offset     int64
	At         time.Time // of the message; zero: none
	Key, Value []byte    // nil: null
	Headers    []Header
}

// Decoder makes rows of messages. It is for one goroutine.
//
// Rows of one shape have one *record.Schema, as long as no more than
// [MaxSchemas] shapes take turns. Updates are pairs where the message has the
// row as it was, else an update-after alone; an update that changes the key is a
// delete and a linked insert. What a message does not say is absent.
type Decoder interface {
	// Decode appends the rows of m to b, or returns the schema change that m
	// tells of. A message that tells of neither (a null value, the mark of a
	// transaction) gives nothing. An error of class Data is the message's own, b
	// is then as it was; any other is of what the decoder asks beside the message.
	Decode(ctx context.Context, m *Message, b *record.Batch) (*record.Change, error)
}

// Undo takes back the rows of b behind the first n.
func Undo(b *record.Batch, n int) {
	for b.Len() > n {
		b.Drop()
	}
}
