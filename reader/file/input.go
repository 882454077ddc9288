package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/lines"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

// input is an open file of text, behind its header.
type input struct {
	file    filekit.File
	text    io.ReadCloser // unpacked; nil: the file itself
	charset *filekit.Charset
	limit   int64 // of a record
	lines   *lines.Scanner
	csv     *csvfmt.Decoder // nil: JSON lines
	names   []string        // of the header; nil: there is none
	records int64           // read since the header, or since the part's begin
}

var bom = []byte("\xef\xbb\xbf")

// openInput opens a file and goes to where the split begins, or to a place
// that an earlier input had.
func openInput(c *Config, s spec, at position) (*input, error) {
	f, err := open(s.Path)
	if err != nil {
		return nil, err
	}
	in := &input{file: f, limit: int64(c.MaxRecordSize)}
	err = in.begin(c, s)
	if err == nil {
		err = in.seek(c, s, at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", s.Path, err), in.close())
	}
	return in, nil
}

// begin reads up to the first record.
func (in *input) begin(c *Config, s spec) error {
	text, err := in.open(c, s)
	if err != nil {
		return err
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
	in.use(c, s.Path, lines.NewScanner(text, offset, 0, int(in.limit)))
	for range c.FromLine - 1 {
		if _, err := in.lines.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil && !errors.Is(err, lines.ErrTooLong) {
			return err
		}
	}
	if !c.Header || in.csv == nil {
		return nil
	}
	return in.readHeader()
}

// open returns the text in UTF-8, up to the end of the part if it is the first.
func (in *input) open(c *Config, s spec) (io.Reader, error) {
	var text io.Reader = in.file
	if packing := c.packing(s.Path); packing != "" {
		unpacked, err := filekit.Unpack(packing, in.file, s.Size)
		if err != nil {
			return nil, errclass.With(errclass.Permanent, err)
		}
		in.text, text = unpacked, unpacked
	} else if s.To > 0 && s.From == 0 {
		text = io.NewSectionReader(in.file, 0, s.To)
	}
	var err error
	if in.charset, err = filekit.CharsetOf(c.Encoding); err != nil {
		return nil, err
	}
	if in.charset != nil {
		text = in.charset.NewDecoder().Reader(text)
	}
	return text, nil
}

func (in *input) use(c *Config, path string, s *lines.Scanner) {
	in.lines = s
	if format := c.formatOf(path); format != "jsonl" {
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
func (in *input) seek(c *Config, s spec, at position) error {
	offset, line := at.Offset, at.Line
	if at.Records == 0 {
		if s.From == 0 {
			return nil
		}
		offset, line = s.From, max(s.Line, 0)
	}
	if in.text == nil && in.charset == nil {
		if _, err := in.file.Seek(offset, io.SeekStart); err != nil {
			return fmt.Errorf("going to byte %d: %w", offset, err)
		}
		var text io.Reader = in.file
		if s.To > 0 {
			text = io.NewSectionReader(in.file, offset, max(0, s.To-offset))
		}
		in.use(c, s.Path, lines.NewScanner(text, offset, line, int(in.limit)))
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
	if err := in.skip(); err != nil {
		return err
	}
	in.records++
	return nil
}

// skip goes over a record as Next of its decoder would, without looking into it.
func (in *input) skip() (err error) {
	if in.csv != nil {
		err = in.csv.Skip()
	} else {
		_, err = in.lines.Next()
	}
	if err != nil && errclass.Of(err) != errclass.Data && !errors.Is(err, lines.ErrTooLong) {
		return err
	}
	return nil
}

// broken tells that a record had bytes that its charset does not know: they
// were decoded as U+FFFD.
func (in *input) broken(raw []byte) bool {
	return in.charset != nil && !in.charset.Whole && bytes.Contains(raw, []byte("\uFFFD"))
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
	if in.text != nil {
		_ = in.text.Close() // says again what the last read said
	}
	return in.file.Close()
}
