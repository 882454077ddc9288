package file

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
)

// spec is a file, or a part of one, as it was when the plan was made.
type spec struct {
	V       int      `json:"v"`
	Path    string   `json:"path"`
	Size    int64    `json:"size"`
	Changed int64    `json:"changed"`         // Unix nanoseconds
	Names   []string `json:"names,omitempty"` // columns, where the job does not list them
	Types   []string `json:"types,omitempty"` // of the columns, where files have types
	Part    int      `json:"part,omitempty"`  // from 1; 0: the whole file
	span
}

// span is a part of a file; the zero span is all of it. Both ends are places
// where a record begins.
type span struct {
	From   int64 `json:"from,omitempty"`   // first byte; 0: behind the header
	To     int64 `json:"to,omitempty"`     // byte behind the last; 0: the file's end
	Line   int64 `json:"line,omitempty"`   // lines before From; -1: not known
	Group  int   `json:"group,omitempty"`  // first row group of a parquet file
	Groups int   `json:"groups,omitempty"` // behind the last; 0: all
	Row    int64 `json:"row,omitempty"`    // rows before the first group
}

// splits makes the splits of a file's parts.
func splits(path string, info filekit.Info, shape shape, parts []span) ([]plugin.Split, error) {
	var all []plugin.Split
	for i, part := range parts {
		s := spec{V: 1, Path: path, Size: info.Size, Changed: info.Changed.UnixNano(), Names: shape.names, Types: shape.types, span: part}
		id := path
		if len(parts) > 1 {
			s.Part = i + 1
			id += "#" + strconv.Itoa(s.Part)
		}
		text, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("planning %s: %w", path, err)
		}
		all = append(all, plugin.Split{ID: id, Spec: text})
	}
	return all, nil
}

// parse reads a split and its position, and compares the file with them: a
// whole file that was not begun may have changed.
func parse(p plugin.Progress) (spec, position, error) {
	var s spec
	if err := strict(p.Split.Spec, &s); err != nil || s.V != 1 || s.Path == "" || s.From < 0 || s.To < 0 || s.Group < 0 || s.Groups < 0 {
		return s, position{}, lost("split %q is none of the file reader: start afresh", p.Split.ID)
	}
	if p.Position == nil && s.Part == 0 {
		return s, position{}, nil
	}
	var at position
	if p.Position != nil {
		if err := strict(p.Position, &at); err != nil || at.V != 1 || at.Line < 0 || at.Records < 0 || at.Offset < 0 {
			return s, at, lost("the position in %s is none of the file reader: start afresh", s.Path)
		}
	}
	info, err := lookAt(s.Path)
	if err != nil {
		return s, at, errclass.With(errclass.PositionLost, fmt.Errorf("going on with it: %w", err))
	}
	if info.Size != s.Size || info.Changed.UnixNano() != s.Changed {
		return s, at, lost("going on with %s at record %d: the file has changed since the run began: start afresh", s.Path, at.Records)
	}
	return s, at, nil
}

func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, fmt.Errorf(format, args...))
}
