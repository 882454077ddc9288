package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// sink writes one channel's hidden files.
type sink struct {
	writer  *writer
	channel int
	of      int
	files   []hidden // those that are complete, and the one that is open
	out     *output  // nil: none is open
	encoder encoder
	buf     []byte // rows of the open file that were not yet written
	err     error  // what ended the sink
	dirty   bool   // something was written since the last Prepare
	begun   bool   // the encoder has begun the open file, or its next part

	changes *changes       // nil: rows are written as they come
	schema  *record.Schema // of the row before
	next    bool           // the last file takes no more rows
	index   int            // number of the next file
	born    time.Time      // when the last file was begun, or found
	ready   []hidden       // files that are complete, and perhaps not in their places yet
}

const (
	flushAt     = 64 << 10 // bytes that are gathered before a write
	largestKept = 1 << 20  // a buffer that a huge row made is not kept
)

func hiddenName(channel, index int, ext string) string {
	return fmt.Sprintf("%d_%d%s", channel, index, ext)
}

// newSink undoes what an earlier sink of the channel wrote after its last
// Prepare, and goes on behind it.
func newSink(w *writer, t plugin.Task, prepared token) (*sink, error) {
	e, err := newEncoder(w)
	if err != nil {
		return nil, err
	}
	s := &sink{writer: w, channel: t.Channel, of: t.Of, files: slices.Clone(prepared.Files), encoder: e, changes: w.changes(t.Channel)}
	entries, err := w.disk.ReadDir(w.hidden)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, filekit.Failed("reading", w.hidden, err)
	}
	s.born, s.index = time.Now(), prepared.Next
	if last := len(s.files) - 1; last >= 0 {
		s.index = max(s.index, s.files[last].Index+1)
	}
	keep := map[string]int64{}
	for _, f := range s.files {
		keep[f.Name] = f.Size
	}
	for _, f := range prepared.Ready {
		if !w.released[f.Name] { // Commit waits for the writer
			s.ready, keep[f.Name] = append(s.ready, f), f.Size
		}
	}
	for _, e := range entries {
		var channel, index int
		if n, err := fmt.Sscanf(e.Name(), "%d_%d", &channel, &index); n != 2 || err != nil || channel != t.Channel {
			continue
		}
		if _, ok := keep[e.Name()]; ok {
			continue
		}
		path := filepath.Join(w.hidden, e.Name())
		if err := w.disk.RemoveAll(path); err != nil {
			return nil, filekit.Failed("removing", path, err)
		}
	}
	return s, w.cut(entries, keep)
}

// Write encodes the rows; those that cannot be written are refused, the others are taken.
func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var bad, unmade []errclass.BadRow
	if s.changes != nil {
		b, unmade = s.changes.of(b)
	}
	for i := 0; i < b.Len() && s.err == nil; i++ {
		if schema := b.Row(i).Schema(); !s.begun || schema != s.schema {
			if s.err = s.beginFor(schema); s.err != nil {
				break
			}
		}
		var err error
		if s.buf, err = s.encoder.append(s.buf, b.Row(i)); err != nil {
			bad = append(bad, errclass.AsBadRow(i, err))
			continue
		}
		s.dirty = true
		if len(s.buf) >= flushAt {
			s.err = s.flush()
		}
	}
	if s.err == nil && s.begun {
		s.err = s.settle(b.Size())
	}
	if s.err != nil {
		return s.err
	}
	if s.changes != nil {
		bad = s.changes.back(unmade, bad)
	}
	if len(bad) > 0 {
		return &errclass.Rows{Bad: bad, Written: true}
	}
	return nil
}

// beginFor makes sure that a file for rows of a schema is begun.
func (s *sink) beginFor(schema *record.Schema) error {
	if schema != s.schema {
		if err := s.turn(schema); err != nil {
			return err
		}
	}
	if s.begun {
		return nil
	}
	return s.begin(schema)
}

// settle takes over what the batch has lent to the encoder.
func (s *sink) settle(size int) (err error) {
	if s.buf, err = s.encoder.settle(s.buf, size); err != nil {
		return err
	}
	if len(s.buf) >= flushAt {
		return s.flush()
	}
	return nil
}

// begin opens a file, or goes on with the open or the last one.
func (s *sink) begin(schema *record.Schema) (err error) {
	if s.out == nil {
		if err = s.open(); err != nil {
			return err
		}
	}
	if c, ok := s.encoder.(*columnar); ok && c.parquet == nil && s.out.size > 0 {
		if err := c.goOn(s.out.path, s.out.size, schema); err != nil {
			return err
		}
	}
	if s.buf, err = s.encoder.begin(s.buf, s.out.size, schema); err != nil {
		return err
	}
	s.begun = true
	s.note(schema)
	return nil
}

// open opens the last file if it is not full, else the next.
func (s *sink) open() (err error) {
	last := len(s.files) - 1
	if last >= 0 && !s.next && !s.full(s.files[last].Size) {
		s.out, err = openOutput(s.writer, s.files[last])
		return err
	}
	f := hidden{Name: hiddenName(s.channel, s.index, s.writer.ext), Index: s.index}
	if err := s.writer.disk.MkdirAll(s.writer.hidden); err != nil {
		return filekit.Failed("creating", s.writer.hidden, err)
	}
	if err := filekit.SyncTree(s.writer.disk, s.writer.hidden); err != nil {
		return filekit.Failed("syncing", s.writer.hidden, err)
	}
	out, err := openOutput(s.writer, f)
	if err != nil {
		return err
	}
	s.out, s.files, s.next = out, append(s.files, f), false
	s.born = time.Now()
	s.index++
	return nil
}

func (s *sink) full(size int64) bool {
	most := int64(s.writer.config.MaxFileSize)
	return most > 0 && size >= most
}

// flush writes the gathered rows, and begins another file where this one is
// large enough.
func (s *sink) flush() error {
	if err := s.writeOut(); err != nil {
		return err
	}
	if !s.full(s.out.size) {
		return nil
	}
	return s.closeOutput()
}

func (s *sink) writeOut() error {
	if err := s.out.write(s.buf); err != nil {
		return err
	}
	if s.buf = s.buf[:0]; cap(s.buf) > largestKept {
		s.buf = nil
	}
	return nil
}

// complete makes the open file one that can be read as it is, and durable.
func (s *sink) complete() error {
	last := &s.files[len(s.files)-1]
	if s.begun {
		buf, rows, err := s.encoder.end(s.buf)
		if err != nil {
			return err
		}
		s.buf, s.begun = buf, false
		last.Rows += rows
		if err := s.writeOut(); err != nil {
			return err
		}
	}
	if err := s.out.sync(); err != nil {
		return err
	}
	last.Size = s.out.size
	return nil
}

// closeOutput completes the open file and leaves it.
func (s *sink) closeOutput() error {
	err := s.complete()
	if cerr := s.out.close(); err == nil {
		err = cerr
	}
	s.out = nil
	return err
}

// Prepare forces everything to the disk and lists it.
func (s *sink) Prepare(ctx context.Context, _ uint64) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !s.dirty && !s.due() {
		return nil, nil
	}
	var data []byte
	data, s.err = s.prepare()
	return data, s.err
}

func (s *sink) prepare() ([]byte, error) {
	if s.out != nil {
		if err := s.complete(); err != nil {
			return nil, err
		}
	}
	if err := s.release(); err != nil {
		return nil, err
	}
	if err := s.writer.disk.SyncDir(s.writer.hidden); err != nil {
		return nil, filekit.Failed("syncing", s.writer.hidden, err)
	}
	t := token{V: 1, Channel: s.channel, Of: s.of, Files: slices.Clone(s.files), Ready: slices.Clone(s.ready), Next: s.index}
	data, err := t.encode()
	if err == nil {
		s.writer.remember(t)
		s.dirty = false
	}
	return data, err
}

// Close leaves what was prepared.
func (s *sink) Close() error {
	if s.out == nil {
		return nil
	}
	err := s.out.close()
	s.out = nil
	return err
}
