package file

import "strconv"

// position is a place between two records.
type position struct {
	V       int    `json:"v"`
	At      string `json:"at"`      // for people
	Line    int64  `json:"line"`    // lines before it, in a part of a file perhaps only those of the part
	Records int64  `json:"records"` // records of the split before it, bad ones included, the header not
	Offset  int64  `json:"offset"`  // bytes before it, of the file as it is read; not in parquet
}

// encode spells the position anew: nobody may change what a mark holds. at is
// its place for people, word and number.
func (p position) encode(word string, at int64) []byte {
	b := make([]byte, 0, 96)
	b = append(b, `{"v":1,"at":"`...)
	b = append(b, word...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, at, 10)
	b = append(b, `","line":`...)
	b = strconv.AppendInt(b, p.Line, 10)
	b = append(b, `,"records":`...)
	b = strconv.AppendInt(b, p.Records, 10)
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, p.Offset, 10)
	return append(b, '}')
}
