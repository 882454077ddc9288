package tdspeer

import "errors"

// Tokens of a reply.
const (
	tokenColumns  = 0x81
	tokenError    = 0xaa
	tokenLoginAck = 0xad
	tokenRow      = 0xd1
	tokenNBCRow   = 0xd2
	tokenChange   = 0xe3
	tokenDone     = 0xfd
)

// Bits of DONE.
const (
	doneMore      = 0x01
	doneError     = 0x02
	doneCount     = 0x10
	doneAttention = 0x20
)

// Error is an error message of the server.
type Error struct {
	Number  int32
	State   byte
	Class   byte // severity; 0: 16
	Message string
}

// Reply is the answer to a request: results, then a count, or an error.
type Reply struct {
	Results  []Result
	Affected int64 // rows that were changed; below 0: no count
	Errors   []Error
	Drop     bool // cut the connection in place of the end
}

// Result is rows.
type Result struct {
	Columns []Column
	Rows    [][]any
	Repeat  int             // how often the rows are sent, encoded once; 0: once
	NBC     bool            // rows are sent with a bitmap of their NULLs
	Hold    <-chan struct{} // waited for after the rows were sent, before what follows
}

var errDropped = errors.New("dropped")

// send writes a reply.
func (r *Reply) send(w *writer, changes func(*writer)) error {
	for i := range r.Results {
		if err := r.Results[i].send(w); err != nil {
			return err
		}
		if i < len(r.Results)-1 {
			w.done(doneMore|doneCount, uint64(len(r.Results[i].Rows)))
		}
	}
	if r.Drop {
		_ = w.push()
		return errDropped
	}
	changes(w)
	for i := range r.Errors {
		r.Errors[i].send(w)
	}
	status, count := uint16(doneCount), uint64(max(r.Affected, 0))
	if len(r.Results) > 0 {
		count = uint64(len(r.Results[len(r.Results)-1].Rows))
	}
	if len(r.Errors) > 0 {
		status = doneError
	}
	w.done(status, count)
	return w.flush(true)
}

func (r *Result) send(w *writer) error {
	w.byte(tokenColumns)
	w.uint16(uint16(len(r.Columns)))
	types := make([]typeInfo, len(r.Columns))
	for i, c := range r.Columns {
		types[i] = wireType(c.Type)
		w.uint32(0)
		flags := uint16(0x08) // may be updated
		if c.Nullable {
			flags |= 1
		}
		if c.Identity {
			flags |= 0x10
		}
		w.uint16(flags)
		types[i].write(w)
		w.short(c.Name)
	}
	once := &writer{}
	for _, row := range r.Rows {
		r.row(once, types, row)
	}
	for range max(1, r.Repeat) {
		w.bytes(once.buf)
		if err := w.flush(false); err != nil {
			return err
		}
	}
	if r.Hold != nil {
		if err := w.push(); err != nil {
			return err
		}
		select {
		case <-r.Hold:
		case <-w.quit:
		}
	}
	return nil
}

func (r *Result) row(w *writer, types []typeInfo, row []any) {
	if !r.NBC {
		w.byte(tokenRow)
		for i := range types {
			types[i].value(w, row[i])
		}
		return
	}
	w.byte(tokenNBCRow)
	bits := make([]byte, (len(types)+7)/8)
	for i := range types {
		if row[i] == nil {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	w.bytes(bits)
	for i := range types {
		if row[i] != nil {
			types[i].value(w, row[i])
		}
	}
}

func (w *writer) done(status uint16, count uint64) {
	w.byte(tokenDone)
	w.uint16(status)
	w.uint16(0)
	w.uint64(count)
}

func (e *Error) send(w *writer) {
	body := &writer{}
	body.uint32(uint32(e.Number))
	body.byte(max(e.State, 1))
	class := e.Class
	if class == 0 {
		class = 16
	}
	body.byte(class)
	body.long(e.Message)
	body.short("peer")
	body.short("")
	body.uint32(1)
	w.byte(tokenError)
	w.uint16(uint16(len(body.buf)))
	w.bytes(body.buf)
}

// Transactions are told as changes of the environment.
const (
	changeDatabase = 1
	changeBegin    = 8
	changeCommit   = 9
	changeRollback = 10
)

func (w *writer) transaction(change byte, id []byte) {
	body := &writer{}
	body.byte(change)
	if change == changeBegin {
		body.byte(byte(len(id)))
		body.bytes(id)
		body.byte(0)
	} else {
		body.byte(0)
		body.byte(byte(len(id)))
		body.bytes(id)
	}
	w.byte(tokenChange)
	w.uint16(uint16(len(body.buf)))
	w.bytes(body.buf)
}
