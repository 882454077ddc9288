package file

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/record"
	"golang.org/x/text/transform"
)

// encoder makes the bytes of files, for one goroutine. All methods append to
// dst; with an error they return it as it was, or the file is given up.
type encoder interface {
	// begin begins a file for rows of a schema, or what comes behind a
	// complete part of at bytes.
	begin(dst []byte, at int64, s *record.Schema) ([]byte, error)
	// append takes a row, which is lent until settle; its error is a data error.
	append(dst []byte, r record.Row) ([]byte, error)
	// settle is called when a batch of that size is given back.
	settle(dst []byte, size int) ([]byte, error)
	// end makes what was written complete and returns how many rows came
	// since begin, where the file's size does not tell enough.
	end(dst []byte) (out []byte, rows int64, err error)
	// renew forgets the columns, behind a file's end.
	renew()
}

func newEncoder(w *writer) (encoder, error) {
	c := w.config
	if c.Format == "parquet" {
		return &columnar{writer: w}, nil
	}
	var e encoder
	if c.Format == "jsonl" {
		e = &lines{json: jsonfmt.NewEncoder(w.names...)}
	} else {
		e = &table{writer: w, csv: csvfmt.NewEncoder(c.dialect())}
	}
	charset, err := filekit.CharsetOf(c.Encoding)
	if err != nil {
		return nil, err
	}
	if charset != nil {
		e = &encoded{encoder: e, charset: charset, to: charset.NewEncoder()}
	}
	return newDated(w, e)
}

func (w *writer) packed() bool { return w.config.Compress != "" && w.config.Format != "parquet" }

// onlyInserts refuses changes: a line could not tell them from rows.
func onlyInserts(r record.Row) error {
	if r.Op() == record.Insert {
		return nil
	}
	return errclass.BadValue("", errclass.Other, "a change (%s) cannot be kept in a file of rows: set pavingData to true, here or in the reader, which makes a row of each", r.Op())
}

// lines are JSON objects.
type lines struct{ json *jsonfmt.Encoder }

func (l *lines) begin(dst []byte, _ int64, _ *record.Schema) ([]byte, error) { return dst, nil }
func (l *lines) settle(dst []byte, _ int) ([]byte, error)                    { return dst, nil }
func (l *lines) end(dst []byte) ([]byte, int64, error)                       { return dst, 0, nil }

func (*lines) renew() {}

func (l *lines) append(dst []byte, r record.Row) ([]byte, error) {
	if err := onlyInserts(r); err != nil {
		return dst, err
	}
	dst, err := l.json.AppendRow(dst, r)
	if err != nil {
		return dst, err
	}
	return append(dst, '\n'), nil
}

// table is delimited text; all rows have as many columns as the first.
type table struct {
	writer  *writer
	csv     *csvfmt.Encoder
	columns int
}

func (t *table) settle(dst []byte, _ int) ([]byte, error) { return dst, nil }
func (t *table) end(dst []byte) ([]byte, int64, error)    { return dst, 0, nil }

func (t *table) renew() { t.columns = 0 }

func (t *table) append(dst []byte, r record.Row) ([]byte, error) {
	if err := onlyInserts(r); err != nil {
		return dst, err
	}
	n := r.Schema().Data
	if t.columns == 0 {
		t.columns = n
	}
	if n != t.columns {
		return dst, errclass.BadValue("", errclass.Other, "the row of table %s has %d columns, the file %d", r.Schema().Name, n, t.columns)
	}
	return t.csv.AppendRow(dst, r)
}

// begin writes the header.
func (t *table) begin(dst []byte, at int64, s *record.Schema) ([]byte, error) {
	h := t.writer.config.Header
	if !h.On || at > 0 {
		return dst, nil
	}
	if err := t.writer.count(s); err != nil {
		return dst, err
	}
	names := h.Names
	if names == nil {
		names = t.writer.columnsOf(s)
	}
	if len(names) == 0 {
		return dst, nil
	}
	dst, err := t.csv.AppendNames(dst, names)
	if err != nil {
		return dst, fmt.Errorf("writing the header: %w", err)
	}
	return dst, nil
}

// encoded is text in another encoding than UTF-8.
type encoded struct {
	encoder
	charset *filekit.Charset
	to      transform.Transformer
	line    []byte
}

func (e *encoded) append(dst []byte, r record.Row) ([]byte, error) {
	var err error
	if e.line, err = e.encoder.append(e.line[:0], r); err != nil {
		return dst, err
	}
	return e.encode(dst)
}

func (e *encoded) begin(dst []byte, at int64, s *record.Schema) ([]byte, error) {
	var err error
	if e.line, err = e.encoder.begin(e.line[:0], at, s); err != nil {
		return dst, err
	}
	if at == 0 {
		dst = append(dst, e.charset.Head...)
	}
	return e.encode(dst)
}

// encode appends the line as the charset has it.
func (e *encoded) encode(dst []byte) ([]byte, error) {
	e.to.Reset()
	start, src := len(dst), e.line
	for {
		dst = append(dst, make([]byte, len(src)+16)...)
		at := len(dst) - len(src) - 16
		n, used, err := e.to.Transform(dst[at:], src, true)
		dst, src = dst[:at+n], src[used:]
		if errors.Is(err, transform.ErrShortDst) {
			continue
		}
		if err != nil {
			return dst[:start], errclass.BadValue("", errclass.Encoding, "the file's encoding lacks a character: %w", err)
		}
		return dst, nil
	}
}

// emptyFile makes the hidden file of a job without rows and returns its size.
func (w *writer) emptyFile() (int64, error) {
	if err := w.disk.MkdirAll(w.hidden); err != nil {
		return 0, filekit.Failed("creating", w.hidden, err)
	}
	s := w.schema
	if s == nil {
		s = &record.Schema{}
		for _, name := range w.names {
			s.Columns = append(s.Columns, record.Column{Name: name, Kind: record.String})
		}
		s.Data = len(s.Columns)
	}
	e, err := newEncoder(w)
	if err != nil {
		return 0, err
	}
	data, err := e.begin(nil, 0, s)
	if err == nil {
		data, _, err = e.end(data)
	}
	if err != nil {
		return 0, err
	}
	if w.packed() {
		var packed bytes.Buffer
		p, err := filekit.NewPacker(w.config.Compress)
		if err != nil {
			return 0, err
		}
		p.Reset(&packed)
		_, _ = p.Write(data) // a buffer takes everything
		_ = p.Close()
		data = packed.Bytes()
	}
	return int64(len(data)), w.writeFile(w.hidden+"/"+hiddenName(0, 0, w.ext), data)
}
