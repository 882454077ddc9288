package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/lines"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/htmlindex"
)

// input is an open file, behind its header.
type input struct {
	file    *os.File
	gzip    *gzip.Reader // nil: plain
	lines   *lines.Scanner
	csv     *csvfmt.Decoder // nil: JSON lines
	names   []string        // of the header; nil: there is none
	records int64           // read since the header
}

var bom = []byte("\xef\xbb\xbf")

// openInput opens a file and goes to a place that an earlier input had.
func openInput(c *Config, path string, at position) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, failed("opening", path, err)
	}
	in := &input{file: f}
	err = in.begin(c, path)
	if err == nil {
		err = in.seek(c, path, at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), in.close())
	}
	return in, nil
}

// begin reads up to the first record.
func (in *input) begin(c *Config, path string) error {
	var text io.Reader = in.file
	if c.packed(path) {
		var err error
		if in.gzip, err = gzip.NewReader(bufio.NewReaderSize(in.file, 256<<10)); err != nil {
			if errors.Is(err, io.EOF) { // an empty file is an empty text
				in.gzip, text = nil, bytes.NewReader(nil)
			} else {
				return errclass.With(errclass.Permanent, fmt.Errorf("it is no gzip: %w", err))
			}
		} else {
			text = in.gzip
		}
	}
	format := c.formatOf(path)
	if !isUTF8(c.Encoding) {
		enc, err := htmlindex.Get(c.Encoding)
		if err != nil {
			return errclass.With(errclass.Config, fmt.Errorf("encoding: %w", err))
		}
		text = enc.NewDecoder().Reader(text)
	}
	offset := int64(0)
	head := make([]byte, len(bom))
	n, err := io.ReadFull(text, head)
	switch {
	case bytes.Equal(head[:n], bom):
		offset = int64(n)
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		text = io.MultiReader(bytes.NewReader(head[:n]), text)
	default:
		return err
	}
	in.use(c, format, lines.NewScanner(text, offset, 0, int(c.MaxRecordSize)))
	if !c.Header || in.csv == nil {
		return nil
	}
	return in.readHeader()
}

func (in *input) use(c *Config, format string, s *lines.Scanner) {
	in.lines = s
	if format != "jsonl" {
		in.csv = csvfmt.NewDecoder(c.dialect(format), s)
	}
}

func (in *input) readHeader() error {
	fields, err := in.csv.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the header: %w", err)
	}
	in.names = make([]string, len(fields))
	for i, f := range fields {
		in.names[i] = string(f.Text)
	}
	return nil
}

// seek goes to a place: at once in a plain file, else over all before it.
func (in *input) seek(c *Config, path string, at position) error {
	if at.Records == 0 {
		return nil
	}
	if in.gzip == nil && isUTF8(c.Encoding) {
		if _, err := in.file.Seek(at.Offset, io.SeekStart); err != nil {
			return fmt.Errorf("going to byte %d: %w", at.Offset, err)
		}
		in.use(c, c.formatOf(path), lines.NewScanner(in.file, at.Offset, at.Line, int(c.MaxRecordSize)))
		in.records = at.Records
		return nil
	}
	for in.records < at.Records {
		if err := in.over(); err != nil {
			if errors.Is(err, io.EOF) {
				return lost("the file ends before record %d: start afresh", at.Records)
			}
			return err
		}
	}
	return nil
}

// over reads one record, good or bad.
func (in *input) over() error {
	var err error
	if in.csv != nil {
		_, err = in.csv.Next()
	} else {
		_, err = in.lines.Next()
	}
	if err != nil && errclass.Of(err) != errclass.Data && !errors.Is(err, lines.ErrTooLong) {
		return err
	}
	in.records++
	return nil
}

// firstNames returns the names of the header or of the first record's members,
// or numbers.
func (in *input) firstNames() ([]string, error) {
	if in.names != nil {
		return in.names, nil
	}
	if in.csv == nil {
		return in.memberNames()
	}
	fields, err := in.csv.Next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	names := make([]string, len(fields))
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names, nil
}

// memberNames returns the names of the first line that is an object.
func (in *input) memberNames() ([]string, error) {
	for {
		line, err := in.lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case errors.Is(err, lines.ErrTooLong):
			continue
		case err != nil:
			return nil, err
		}
		if names, err := jsonfmt.Names(line); err == nil && len(names) > 0 {
			return names, nil
		}
	}
}

func (in *input) position() position {
	return position{Line: in.lines.After(), Records: in.records, Offset: in.lines.Offset()}
}

func (in *input) close() error {
	if in.gzip != nil {
		_ = in.gzip.Close() // says again what the last read said
	}
	return in.file.Close()
}
