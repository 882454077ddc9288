package record

import "time"

// Mark says: after the rows of this batch, Split can be begun again at Position.
type Mark struct {
	Split    string
	Position []byte    // the reader's own versioned JSON; its member "at" is what people and accumulators are shown
	State    []byte    // what the reader needs beside it (table definitions); nil: as before
	At       time.Time // how far that is in the source's time; zero: unknown
	Done     bool      // the split has ended
}

// Reject is a piece of input that is no row.
type Reject struct {
	Row int    // it stood before this row of the batch
	Raw []byte // as read; owned by the batch
	Err error  // why
}
