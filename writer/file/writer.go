package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Committer = (*writer)(nil)
	_ plugin.Hooks     = (*writer)(nil)
	_ plugin.Shaper    = (*writer)(nil)
	_ plugin.Comparer  = (*writer)(nil)
	_ plugin.Prober    = (*writer)(nil)
	_ plugin.Fitter    = (*writer)(nil)
	_ plugin.Preparer  = (*sink)(nil)
)

// Info describes the plugin.
func Info() plugin.WriterInfo { return info(nil) }

// info describes the plugin on another disk; nil: that of the path.
func info(d filekit.Disk) plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:    "file",
		Aliases: []string{"txtfile", "ftp", "sftp"},
		Doc:     "Writes files of csv, tsv, JSON lines or Parquet, which become visible when the job has ended well.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, dec *config.Decoder) (plugin.Writer, error) {
			c := defaults()
			if err := dec.Decode(c); err != nil {
				return nil, err
			}
			return newWriter(env, c, d)
		},
	}
}

type writer struct {
	config *Config
	disk   filekit.Disk
	zone   *time.Location
	log    *slog.Logger // nil: nobody is told
	hidden string       // directory of the hidden files
	stem   string       // of visible names
	ext    string
	names  []string // of columns; nil: the schema's

	mu        sync.Mutex
	prepared  map[int]token   // by channel: what a crash leaves
	of        int             // most channels that a Sink was one of
	released  map[string]bool // hidden files that are in their places and in a token that may be the last one
	schema    *record.Schema  // of the reader's rows, once known
	published bool            // After has run before: nothing is left to do
}

func newWriter(env plugin.Env, c *Config, d filekit.Disk) (*writer, error) {
	if d == nil {
		var err error
		if d, _, err = filekit.DiskOf(c.Path); err != nil {
			return nil, err
		}
	}
	job := visibleName(env.Job)
	w := &writer{config: c, disk: d, zone: env.Zone, log: env.Log, hidden: filepath.Join(c.Path, ".data"+job), prepared: map[int]token{}, released: map[string]bool{}}
	name := c.FileName
	if name == "" {
		name = job
	}
	var format string
	if w.stem, w.ext, format, _ = filekit.Name(name); format == "" {
		w.ext = "." + c.Format
	}
	if c.Suffix != "" {
		w.ext = c.Suffix
	}
	if _, _, _, packing := filekit.Name(w.ext); c.Format != "parquet" && packing != c.Compress {
		w.ext += filekit.Extension(c.Compress)
	}
	for _, col := range c.Column {
		if col.Name == "*" && len(c.Column) == 1 {
			break
		}
		w.names = append(w.names, col.Name)
	}
	if slices.Contains(w.names, "") || slices.Contains(w.names, "*") {
		return nil, errclass.With(errclass.Config, errors.New(`column: give every column a name, or "*" alone for the reader's`))
	}
	_, err := newEncoder(w) // patterns are the job file's fault
	return w, err
}

// visibleName makes a file's name of a job's.
func visibleName(job string) string {
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r < ' ' {
			return '_'
		}
		return r
	}, job)
	if name = strings.TrimLeft(name, "."); name == "" {
		return "data"
	}
	return name
}

// Shape learns the columns, for an empty file, and compares their number with
// the lists of the job file.
func (w *writer) Shape(_ context.Context, schemas []*record.Schema) error {
	if c := w.changes(0); c != nil {
		schemas = slices.Clone(schemas)
		for i := range schemas {
			schemas[i] = c.rows.Schema(schemas[i])
		}
	}
	for _, s := range schemas {
		if err := w.count(s); err != nil {
			return err
		}
	}
	if len(schemas) == 0 {
		return nil
	}
	w.mu.Lock()
	w.schema = schemas[0]
	w.mu.Unlock()
	if w.config.Format != "parquet" {
		return nil
	}
	_, err := newParquet(w, schemas[0])
	return err
}

// Compare implements [plugin.Comparer]: Shape changes no file.
func (w *writer) Compare(ctx context.Context, schemas []*record.Schema) error {
	return w.Shape(ctx, schemas)
}

// count compares the number of columns with the lists of the job file.
func (w *writer) count(s *record.Schema) error { return errclass.With(errclass.Config, w.fits(s.Data)) }

// Fits implements [plugin.Fitter]: columns are mapped by position.
func (w *writer) Fits(columns []string) error {
	if w.config.keepsChanges() {
		return nil // rows of changes have others
	}
	return w.fits(len(columns))
}

func (w *writer) fits(columns int) error {
	if w.names != nil && len(w.names) != columns {
		return config.Fieldf("column", "%d are listed, but the reader gives %d", len(w.names), columns)
	}
	if names := w.config.Header.Names; names != nil && len(names) != columns {
		return config.Fieldf("header", "%d names are listed, but the reader gives %d columns", len(names), columns)
	}
	return nil
}

// columnsOf returns the names that the columns have in the files.
func (w *writer) columnsOf(s *record.Schema) []string {
	if w.names != nil {
		return w.names
	}
	return columnNames(s)
}

func columnNames(s *record.Schema) []string {
	names := make([]string, s.Data)
	for c := range names {
		names[c] = s.Columns[c].Name
	}
	return names
}

// Open returns a sink that goes on where its channel last prepared.
func (w *writer) Open(ctx context.Context, t plugin.Task) (plugin.Sink, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.published {
		return nil, fmt.Errorf("opening a file in %s: the result of this run is already in its place: start afresh", w.config.Path)
	}
	w.of = max(w.of, t.Of)
	return newSink(w, t, w.prepared[t.Channel])
}

// Close has nothing to end.
func (w *writer) Close() error { return nil }

// remember notes what a channel has prepared.
func (w *writer) remember(t token) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.prepared[t.Channel] = t
	w.of = max(w.of, t.Of)
}

// Commit puts the files in their places that the tokens have made ready; it
// learns what an earlier process has prepared.
func (w *writer) Commit(_ context.Context, _ uint64, tokens [][]byte) error {
	for _, data := range tokens {
		if data == nil {
			continue
		}
		t, err := parseToken(data)
		if err != nil {
			return err
		}
		w.mu.Lock()
		_, known := w.prepared[t.Channel]
		w.mu.Unlock()
		if !known { // else it is this process's, perhaps newer
			w.remember(t)
		}
		w.mu.Lock()
		err = w.put(t)
		w.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Discard cuts hidden files to what the tokens stand for and removes all others.
func (w *writer) Discard(ctx context.Context, _ uint64, tokens [][]byte) error {
	w.mu.Lock()
	w.prepared, w.released, w.of, w.published = map[int]token{}, map[string]bool{}, 0, false
	w.mu.Unlock()
	if err := w.Commit(ctx, 0, tokens); err != nil {
		return err
	}
	if len(w.prepared) == 0 {
		return filekit.Failed("removing", w.hidden, w.disk.RemoveAll(w.hidden))
	}
	if m, err := w.readManifest(); err != nil || m != nil {
		w.published = m != nil // After goes on with it
		return err
	}
	entries, err := w.disk.ReadDir(w.hidden)
	if errors.Is(err, fs.ErrNotExist) {
		return w.alreadyPublished()
	}
	if err != nil {
		return filekit.Failed("reading", w.hidden, err)
	}
	keep := map[string]int64{}
	for _, t := range w.prepared {
		for _, f := range t.Files {
			keep[f.Name] = f.Size
		}
	}
	kept := func(e fs.DirEntry) bool { _, ok := keep[e.Name()]; return ok }
	if len(keep) > 0 && !slices.ContainsFunc(entries, kept) {
		if err := w.alreadyPublished(); err != nil {
			return err
		}
		return filekit.Failed("removing", w.hidden, w.disk.RemoveAll(w.hidden)) // in which it was interrupted
	}
	for _, e := range entries {
		if kept(e) {
			continue
		}
		path := filepath.Join(w.hidden, e.Name())
		if err := w.disk.RemoveAll(path); err != nil {
			return filekit.Failed("removing", path, err)
		}
	}
	return w.cut(entries, keep)
}

// cut shortens files to their durable sizes; one that is missing or too short
// is a loss.
func (w *writer) cut(entries []fs.DirEntry, keep map[string]int64) error {
	sizes := map[string]int64{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sizes[e.Name()] = info.Size()
		}
	}
	for name, size := range keep {
		path := filepath.Join(w.hidden, name)
		switch have, ok := sizes[name]; {
		case !ok || have < size:
			return errclass.With(errclass.PositionLost, fmt.Errorf("going on with %s: it should have %d bytes and has %d: somebody changed or removed it, start afresh", path, size, have))
		case have > size:
			if err := w.disk.Truncate(path, size); err != nil {
				return filekit.Failed("cutting", path, err)
			}
		}
	}
	return nil
}

// Probe checks that the directory can be looked at, if it is there. Earlier
// results are Before's matter: they may be those of the run that is gone on with.
func (w *writer) Probe(context.Context) error {
	_, err := w.disk.ReadDir(w.config.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return filekit.Failed("looking at", w.config.Path, err)
	}
	return nil
}
