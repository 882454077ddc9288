package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
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
	s := &sink{writer: w, channel: t.Channel, of: t.Of, files: slices.Clone(prepared.Files), encoder: newEncoder(w.config, w.names)}
	entries, err := w.disk.ReadDir(w.hidden)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failed("reading", w.hidden, err)
	}
	keep := map[string]int64{}
	for _, f := range s.files {
		keep[f.Name] = f.Size
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
			return nil, failed("removing", path, err)
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
	var bad []errclass.BadRow
	for i := 0; i < b.Len() && s.err == nil; i++ {
		if s.out == nil {
			if s.err = s.open(b.Row(i).Schema()); s.err != nil {
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
	if s.err != nil {
		return s.err
	}
	if len(bad) > 0 {
		return &errclass.Rows{Bad: bad, Written: true}
	}
	return nil
}

// open begins a file, or goes on with the last one.
func (s *sink) open(schema *record.Schema) error {
	if s.out != nil {
		return nil
	}
	header := s.writer.learnHeader(schema)
	last := len(s.files) - 1
	if last >= 0 && !s.full(s.files[last].Size) {
		out, err := openOutput(s.writer, s.files[last])
		s.out = out
		return err
	}
	index := 0
	if last >= 0 {
		index = s.files[last].Index + 1
	}
	f := hidden{Name: hiddenName(s.channel, index, s.writer.ext), Index: index}
	if err := s.writer.disk.MkdirAll(s.writer.hidden); err != nil {
		return failed("creating", s.writer.hidden, err)
	}
	if err := syncTree(s.writer.disk, s.writer.hidden); err != nil {
		return failed("syncing", s.writer.hidden, err)
	}
	out, err := openOutput(s.writer, f)
	if err != nil {
		return err
	}
	s.out, s.files = out, append(s.files, f)
	s.buf, err = s.encoder.header(s.buf, header)
	return err
}

func (s *sink) full(size int64) bool {
	most := int64(s.writer.config.MaxFileSize)
	return most > 0 && size >= most
}

// flush writes the gathered rows, and begins another file where this one is
// large enough.
func (s *sink) flush() error {
	if err := s.out.write(s.buf); err != nil {
		return err
	}
	if s.buf = s.buf[:0]; cap(s.buf) > largestKept {
		s.buf = nil
	}
	if !s.full(s.out.size) {
		return nil
	}
	return s.closeOutput()
}

// closeOutput completes the open file.
func (s *sink) closeOutput() error {
	err := s.out.sync()
	s.files[len(s.files)-1].Size = s.out.size
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
	if !s.dirty {
		return nil, nil
	}
	var data []byte
	data, s.err = s.prepare()
	return data, s.err
}

func (s *sink) prepare() ([]byte, error) {
	if s.out != nil {
		if len(s.buf) > 0 {
			if err := s.flush(); err != nil {
				return nil, err
			}
		}
	}
	if s.out != nil {
		if err := s.out.sync(); err != nil {
			return nil, err
		}
		s.files[len(s.files)-1].Size = s.out.size
	}
	if err := s.writer.disk.SyncDir(s.writer.hidden); err != nil {
		return nil, failed("syncing", s.writer.hidden, err)
	}
	t := token{V: 1, Channel: s.channel, Of: s.of, Files: slices.Clone(s.files)}
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
