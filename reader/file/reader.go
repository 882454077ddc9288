package file

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Lister    = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "file",
		Aliases: []string{"txtfile", "ftp", "sftp"},
		Doc:     "Reads files of csv, tsv, JSON lines or Parquet, plain or packed.",
		Config:  func() any { return defaults() },
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
	datax  bool // whose file the job's is

	mu      sync.Mutex
	layouts map[string]*layout // by format and columns: sources share schemas
}

func newReader(env plugin.Env, c *Config) (*reader, error) {
	datax := env.Dialect == "datax"
	if datax {
		c.datesHaveClocks()
	}
	r := &reader{config: c, zone: env.Zone, meta: env.Meta, datax: datax, layouts: map[string]*layout{}}
	for _, format := range []string{"csv", "jsonl"} { // types and constants are the job file's fault
		if _, err := newLayout(c.Column, format, r.options(), r.meta); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *reader) options() convert.Options { return convert.Options{Zone: r.zone, Days: r.datax} }

// Columns implements [plugin.Lister].
func (r *reader) Columns() []string {
	if len(r.config.Column) == 0 {
		return nil
	}
	names := make([]string, len(r.config.Column))
	for i := range names {
		names[i] = r.config.Column[i].Name
	}
	return names
}

// layoutOffset tells whether rows carry the numbers of their lines.
func (r *reader) layoutOffset() bool { return slices.Contains(r.meta, "_offset") }

// shape is what a file says of its columns.
type shape struct {
	names []string // where the job does not list the columns; nil: it does, or the file is empty
	types []string // of the columns, in their order, where files have types
}

// Splits plans a split per file, or several where it is large.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	files, err := r.config.list()
	if err != nil {
		return nil, err
	}
	var known shape
	var all []plugin.Split
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if known.names == nil && known.types == nil {
			if known, err = r.shape(path); err != nil {
				return nil, err
			}
		}
		info, err := lookAt(path)
		if err != nil {
			return nil, err
		}
		parts, err := r.parts(ctx, path, info, p.Channels)
		if err != nil {
			return nil, err
		}
		list, err := splits(path, info, known, parts)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// shape returns what a file says of its columns.
func (r *reader) shape(path string) (shape, error) {
	if r.config.formatOf(path) == "parquet" {
		return r.typed(path)
	}
	if len(r.config.Column) > 0 {
		return shape{}, nil
	}
	info, err := lookAt(path)
	if err != nil {
		return shape{}, err
	}
	in, err := openInput(r.config, spec{Path: path, Size: info.Size}, position{})
	if err != nil {
		return shape{}, err
	}
	names, err := in.firstNames()
	if cerr := in.close(); err == nil {
		err = cerr
	}
	if err != nil {
		return shape{}, fmt.Errorf("finding the columns of %s: %w", path, err)
	}
	return shape{names: names}, nil
}

// Describe returns the schema of the rows of the first file.
func (r *reader) Describe(context.Context) ([]*record.Schema, error) {
	files, err := r.config.list()
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		shape, err := r.shape(path)
		if err != nil {
			return nil, err
		}
		if shape.names == nil && len(r.config.Column) == 0 {
			continue
		}
		l, err := r.layout(r.config.formatOf(path), shape)
		if err != nil {
			return nil, err
		}
		return []*record.Schema{l.schema}, nil
	}
	return nil, nil
}

// layout returns the columns of a format's files, planned once.
func (r *reader) layout(format string, s shape) (*layout, error) {
	if format != "jsonl" {
		format = "csv" // which columns there are and what becomes of texts is the same
	}
	key := fmt.Sprintf("%s%q%q", format, s.names, s.types)
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.layouts[key]; l != nil {
		return l, nil
	}
	l, err := newLayout(discover(r.config.Column, s), format, r.options(), r.meta)
	if err == nil {
		l.empty = r.datax && r.config.NullFormat == ""
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

// Open begins a split at a record.
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, at, err := parse(from)
	if err != nil {
		return nil, err
	}
	format := r.config.formatOf(s.Path)
	l, err := r.layout(format, shape{names: s.Names, types: s.Types})
	if err != nil {
		return nil, err
	}
	if format == "parquet" {
		return newColumnar(l, s, at, r.options())
	}
	in, err := openInput(r.config, s, at)
	if err != nil {
		return nil, err
	}
	return newSource(l, in, s, r.config)
}

// Close has nothing to end.
func (r *reader) Close() error { return nil }
