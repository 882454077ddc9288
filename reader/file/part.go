package file

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/datasync-io/datasync/core/format/lines"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

// perChannel is how many parts of a large file there are for each channel, so
// that a slow one does not keep the others waiting.
const perChannel = 4

// parts cuts a file into parts that can be read at once; one span if it cannot
// be cut. See the package's comment for how.
func (r *reader) parts(ctx context.Context, path string, info filekit.Info, channels int) ([]span, error) {
	c := r.config
	size := int64(c.SplitSize)
	if channels <= 1 || size == 0 || info.Size <= size {
		return []span{{}}, nil
	}
	n := min((info.Size+size-1)/size, int64(perChannel*channels))
	format := c.formatOf(path)
	if format == "parquet" {
		return r.groups(path, int(n))
	}
	if charset, err := filekit.CharsetOf(c.Encoding); c.packing(path) != "" || charset != nil || err != nil {
		return []span{{}}, err
	}
	in, err := openInput(c, spec{Path: path}, position{})
	if err != nil {
		return nil, err
	}
	each := (info.Size + n - 1) / n
	var parts []span
	if r.scans(in) {
		parts, err = scan(ctx, in, each)
	} else {
		parts, err = probe(in, info.Size, each)
	}
	if cerr := in.close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("planning the parts of %s: %w", path, err)
	}
	return parts, nil
}

// scans tells whether the places where records begin are found only by going
// over all before them: a line feed may stand inside quotes, or the numbers of
// lines are asked for.
func (r *reader) scans(in *input) bool {
	return in.csv != nil && in.csv.Quotes() || r.layoutOffset()
}

// scan goes over the file as its decoder does and cuts it at the first record
// behind each multiple of each.
func scan(ctx context.Context, in *input, each int64) ([]span, error) {
	parts := []span{{}}
	next := max(each, in.lines.Offset()+1)
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if at := in.lines.Offset(); at >= next {
			parts = cut(parts, span{From: at, Line: in.lines.After()})
			next = at/each*each + each
		}
		err := in.skip()
		if errors.Is(err, io.EOF) {
			return trim(parts, in.lines.Offset()), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// probe cuts a file without quotes at the first line behind each multiple of each.
func probe(in *input, size, each int64) ([]span, error) {
	parts := []span{{}}
	first := in.lines.Offset()
	for at := each; at < size; at += each {
		s := lines.NewScanner(io.NewSectionReader(in.file, at-1, size-at+1), at-1, 0, int(in.limit))
		if _, err := s.Next(); err != nil && !errors.Is(err, lines.ErrTooLong) {
			return nil, err
		}
		if from := s.Offset(); from > max(first, parts[len(parts)-1].From) {
			parts = cut(parts, span{From: from, Line: -1})
		}
	}
	return trim(parts, size), nil
}

func cut(parts []span, next span) []span {
	parts[len(parts)-1].To = next.From
	return append(parts, next)
}

// trim takes away a last part that begins at the file's end.
func trim(parts []span, size int64) []span {
	if n := len(parts); n > 1 && parts[n-1].From >= size {
		parts = parts[:n-1]
		parts[n-2].To = 0
	}
	return parts
}

// groups cuts a parquet file into at most n parts of whole row groups.
func (r *reader) groups(path string, n int) ([]span, error) {
	f, err := openParquet(path)
	if err != nil {
		return nil, err
	}
	rows := f.Groups()
	if err := f.close(); err != nil {
		return nil, err
	}
	if len(rows) < 2 || n < 2 {
		return []span{{}}, nil
	}
	per := (len(rows) + n - 1) / n
	var parts []span
	before := int64(0)
	for i := 0; i < len(rows); i += per {
		end := min(i+per, len(rows))
		parts = append(parts, span{Group: i, Groups: end, Row: before})
		for _, rows := range rows[i:end] {
			before += rows
		}
	}
	return parts, nil
}
