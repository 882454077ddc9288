package dirty

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

const (
	bufferedBytes   = 64 << 10
	maxBuffered     = 4 << 20 // while the disk refuses
	schemasRetained = 256
)

// FileSink appends dirty rows to a file as JSON lines. Lines are written whole.
type FileSink struct {
	file    *os.File
	created bool
	dirty   bool // written to since the last Flush
	buf     []byte
	schemas map[*record.Schema]json.RawMessage
}

// Path returns the file that a path of a job file means for a job: the path
// itself if it names a file, else <path>/<job>.jsonl. A path names a folder if
// one is there, if it ends in a separator or if its last element has no
// extension. The error, of class Config, says that the path is on no local disk.
func Path(path, job string) (string, error) {
	if scheme, rest, ok := strings.Cut(path, "://"); ok {
		if scheme != "file" {
			return "", errclass.With(errclass.Config, fmt.Errorf("dirty rows go to a local file or folder, and %s:// is none", scheme))
		}
		path = rest
	}
	info, err := os.Stat(path)
	folder := strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) || filepath.Ext(path) == ""
	if err == nil {
		folder = info.IsDir()
	}
	if folder {
		return filepath.Join(path, strings.ReplaceAll(job, string(filepath.Separator), "_")+".jsonl"), nil
	}
	return path, nil
}

// OpenFile opens the file for appending and makes its folder if need be.
func OpenFile(path string) (*FileSink, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("opening the file for dirty rows: %w", err)
	}
	_, err := os.Lstat(path)
	created := os.IsNotExist(err)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the file for dirty rows: %w", err)
	}
	s := &FileSink{file: file, created: created, schemas: map[*record.Schema]json.RawMessage{}}
	if err := s.endLine(); err != nil {
		return nil, fmt.Errorf("opening the file for dirty rows: %w", closing(file, err))
	}
	if created {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("opening the file for dirty rows: %w", closing(file, err))
		}
	}
	return s, nil
}

func closing(file *os.File, err error) error {
	_ = file.Close() // err says more
	return err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := folder.Sync(); err != nil {
		return closing(folder, err)
	}
	return folder.Close()
}

// endLine ends a line that a crash has left unfinished. Its row is read, and
// kept, again: no position was stored after it.
func (s *FileSink) endLine() error {
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := s.file.ReadAt(last, size-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		s.buf = append(s.buf, '\n')
	}
	return nil
}

// Name returns the file's path.
func (s *FileSink) Name() string { return s.file.Name() }

// Put implements [Sink].
func (s *FileSink) Put(_ context.Context, r *Refusal) error {
	var schema json.RawMessage
	if r.HasRow() {
		schema = s.schema(r.Row.Schema())
	}
	s.buf = append(append(s.buf, encode(r, schema)...), '\n')
	if len(s.buf) < bufferedBytes {
		return nil
	}
	return s.write()
}

func (s *FileSink) schema(key *record.Schema) json.RawMessage {
	if known := s.schemas[key]; known != nil {
		return known
	}
	if len(s.schemas) >= schemasRetained {
		clear(s.schemas)
	}
	encoded := encodeSchema(key)
	s.schemas[key] = encoded
	return encoded
}

// write writes the buffered lines. What could not be written is kept for the next time.
func (s *FileSink) write() error {
	if len(s.buf) == 0 {
		return nil
	}
	s.dirty = true
	n, err := s.file.Write(s.buf)
	s.buf = append(s.buf[:0], s.buf[n:]...)
	if len(s.buf) > maxBuffered { // the caller puts up with failures: begin again after the line cut off
		s.buf = append(s.buf[:0], '\n')
	}
	return err
}

// Flush writes what is buffered and syncs the file.
func (s *FileSink) Flush(context.Context) error {
	if err := s.write(); err != nil {
		return err
	}
	if !s.dirty {
		return nil
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// Close closes the file, and removes it if this sink made it and put nothing
// in.
func (s *FileSink) Close() error {
	info, err := s.file.Stat()
	if err == nil && s.created && info.Size() == 0 && len(s.buf) == 0 {
		err = os.Remove(s.file.Name())
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("closing the file for dirty rows: %w", err)
	}
	return nil
}
