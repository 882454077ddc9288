package file

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "file",
		Doc:    "reads files of csv, tsv or JSON lines, plain or gzip",
		Config: func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			return newReader(env, c)
		},
	}
}

type reader struct {
	config *Config
	zone   *time.Location
	meta   []string

	mu      sync.Mutex
	layouts map[string]*layout // by format and columns: sources share schemas
}

func newReader(env plugin.Env, c *Config) (*reader, error) {
	r := &reader{config: c, zone: env.Zone, meta: env.Meta, layouts: map[string]*layout{}}
	for _, format := range []string{"csv", "jsonl"} { // types and constants are the job file's fault
		if _, err := newLayout(c.Column, format, r.options(), r.meta); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *reader) options() convert.Options { return convert.Options{Zone: r.zone} }

// spec is a file as it was when the plan was made.
type spec struct {
	V       int      `json:"v"`
	Path    string   `json:"path"`
	Size    int64    `json:"size"`
	Changed int64    `json:"changed"`         // Unix nanoseconds
	Names   []string `json:"names,omitempty"` // columns, where the job does not list them
}

// Splits plans one split per file.
func (r *reader) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	files, err := r.config.list()
	if err != nil {
		return nil, err
	}
	var names []string
	splits := make([]plugin.Split, len(files))
	for i, path := range files {
		if names == nil {
			if names, err = r.names(path); err != nil {
				return nil, err
			}
		}
		if splits[i], err = split(path, names); err != nil {
			return nil, err
		}
	}
	return splits, nil
}

func split(path string, names []string) (plugin.Split, error) {
	info, err := os.Stat(path)
	if err != nil {
		return plugin.Split{}, failed("looking at", path, err)
	}
	text, err := json.Marshal(spec{V: 1, Path: path, Size: info.Size(), Changed: info.ModTime().UnixNano(), Names: names})
	if err != nil {
		return plugin.Split{}, fmt.Errorf("planning %s: %w", path, err)
	}
	return plugin.Split{ID: path, Spec: text}, nil
}

// names returns the columns of a file where the job does not list them; nil
// if it does or the file is empty.
func (r *reader) names(path string) ([]string, error) {
	if len(r.config.Column) > 0 {
		return nil, nil
	}
	in, err := openInput(r.config, path, position{})
	if err != nil {
		return nil, err
	}
	names, err := in.firstNames()
	if cerr := in.close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("finding the columns of %s: %w", path, err)
	}
	return names, nil
}

// Describe returns the schema of the rows of the first file.
func (r *reader) Describe(context.Context) ([]*record.Schema, error) {
	files, err := r.config.list()
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		names, err := r.names(path)
		if err != nil {
			return nil, err
		}
		if names == nil && len(r.config.Column) == 0 {
			continue
		}
		l, err := r.layout(r.config.formatOf(path), names)
		if err != nil {
			return nil, err
		}
		return []*record.Schema{l.schema}, nil
	}
	return nil, nil
}

// layout returns the columns of a format's files, planned once.
func (r *reader) layout(format string, names []string) (*layout, error) {
	if format == "tsv" {
		format = "csv"
	}
	key := fmt.Sprintf("%s%q", format, names)
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.layouts[key]; l != nil {
		return l, nil
	}
	l, err := newLayout(discover(r.config.Column, names), format, r.options(), r.meta)
	if err == nil {
		r.layouts[key] = l
	}
	return l, err
}

// Probe looks for the files.
func (r *reader) Probe(context.Context) error {
	_, err := r.config.list()
	return err
}

// Resume checks that the files of splits that were begun have not changed.
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for _, p := range stored {
		if p.Done {
			continue
		}
		if _, _, err := parse(p); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// Open begins a file at a record.
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, at, err := parse(from)
	if err != nil {
		return nil, err
	}
	l, err := r.layout(r.config.formatOf(s.Path), s.Names)
	if err != nil {
		return nil, err
	}
	in, err := openInput(r.config, s.Path, at)
	if err != nil {
		return nil, err
	}
	return newSource(l, in, s.Path, s.Names != nil)
}

// Close has nothing to end.
func (r *reader) Close() error { return nil }

// parse reads a split and its position, and compares the file with them.
func parse(p plugin.Progress) (spec, position, error) {
	var s spec
	if err := strict(p.Split.Spec, &s); err != nil || s.V != 1 || s.Path == "" {
		return s, position{}, lost("split %q is none of the file reader: start afresh", p.Split.ID)
	}
	if p.Position == nil {
		return s, position{}, nil
	}
	var at position
	if err := strict(p.Position, &at); err != nil || at.V != 1 || at.Line < 0 || at.Records < 0 || at.Offset < 0 {
		return s, at, lost("the position in %s is none of the file reader: start afresh", s.Path)
	}
	info, err := os.Stat(s.Path)
	if err != nil {
		return s, at, errclass.With(errclass.PositionLost, failed("going on with", s.Path, err))
	}
	if info.Size() != s.Size || info.ModTime().UnixNano() != s.Changed {
		return s, at, lost("going on with %s at line %d: the file has changed since the run began: start afresh", s.Path, at.Line)
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
