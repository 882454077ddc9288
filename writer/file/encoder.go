package file

import (
	"bytes"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// encoder makes lines of rows, for one goroutine.
type encoder interface {
	append(dst []byte, r record.Row) ([]byte, error) // dst as it was with an error, a data error
	header(dst []byte, names []string) ([]byte, error)
}

func newEncoder(c *Config, names []string) encoder {
	if c.Format == "jsonl" {
		return &lines{json: jsonfmt.NewEncoder(names...)}
	}
	t := &table{csv: csvfmt.NewEncoder(c.dialect()), titled: c.Header}
	if c.Encoding == "" || isUTF8(c.Encoding) {
		return t
	}
	enc, err := htmlindex.Get(c.Encoding)
	if err != nil {
		panic("file: encoding " + c.Encoding + " was not validated")
	}
	return &encoded{inner: t, encoder: enc.NewEncoder()}
}

// onlyInserts refuses changes: a line could not tell them from rows.
func onlyInserts(r record.Row) error {
	if r.Op() == record.Insert {
		return nil
	}
	return errclass.BadValue("", errclass.Other, "a change (%s) cannot be kept in a file of rows", r.Op())
}

// lines are JSON objects.
type lines struct{ json *jsonfmt.Encoder }

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

func (l *lines) header(dst []byte, _ []string) ([]byte, error) { return dst, nil }

// table is delimited text; all rows have as many columns as the first.
type table struct {
	csv     *csvfmt.Encoder
	titled  bool
	columns int
}

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

func (t *table) header(dst []byte, names []string) ([]byte, error) {
	if !t.titled || len(names) == 0 {
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
	inner   encoder
	encoder *encoding.Encoder
	line    []byte
}

func (e *encoded) append(dst []byte, r record.Row) ([]byte, error) {
	var err error
	if e.line, err = e.inner.append(e.line[:0], r); err != nil {
		return dst, err
	}
	return e.encode(dst)
}

func (e *encoded) header(dst []byte, names []string) ([]byte, error) {
	var err error
	if e.line, err = e.inner.header(e.line[:0], names); err != nil {
		return dst, err
	}
	return e.encode(dst)
}

func (e *encoded) encode(dst []byte) ([]byte, error) {
	e.encoder.Reset()
	out, err := e.encoder.Bytes(e.line)
	if err != nil {
		return dst, errclass.BadValue("", errclass.Encoding, "the file's encoding lacks a character: %w", err)
	}
	return append(dst, out...), nil
}

// learnHeader keeps the names of the first row's columns and returns the header.
func (w *writer) learnHeader(s *record.Schema) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.header == nil {
		w.header = columnNames(s)
	}
	return w.header
}

// emptyFile makes the hidden file of a job without rows and returns its size.
func (w *writer) emptyFile() (int64, error) {
	if err := w.disk.MkdirAll(w.hidden); err != nil {
		return 0, failed("creating", w.hidden, err)
	}
	data, err := newEncoder(w.config, w.names).header(nil, w.header)
	if err != nil {
		return 0, err
	}
	if w.config.Compress == "gzip" {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(data) // a buffer takes everything
		_ = z.Close()
		data = packed.Bytes()
	}
	return int64(len(data)), w.writeFile(w.hidden+"/"+hiddenName(0, 0, w.ext), data)
}
