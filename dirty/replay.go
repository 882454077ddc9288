package dirty

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Replay is a reader of the rows of a dirty file, so that a job can write them
// again. What cannot be written again (input that is no row, rows that a
// transform has refused, lines that are broken, half an update) is refused anew:
// nothing of the file is dropped.
//
// The file is read as it is when the replay is planned; lines that are appended
// later belong to the next one.
type Replay struct {
	path string

	mu      sync.Mutex
	again   string
	schemas map[string]*record.Schema
}

var (
	_ plugin.Reader    = (*Replay)(nil)
	_ plugin.Splitter  = (*Replay)(nil)
	_ plugin.Resumer   = (*Replay)(nil)
	_ plugin.Describer = (*Replay)(nil)
	_ plugin.Sizer     = (*Replay)(nil)
	_ plugin.Prober    = (*Replay)(nil)
)

// NewReplay returns a reader of the file, which it does not open yet.
func NewReplay(path string) (*Replay, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("finding the dirty file %s: %w", path, err))
	}
	return &Replay{path: full, schemas: map[string]*record.Schema{}}, nil
}

// Path is the file's absolute path.
func (r *Replay) Path() string { return r.path }

// Again is the file that rows go to which are refused again; known once the
// replay is planned or resumed. It is never the one that is read.
func (r *Replay) Again() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.again
}

// replaySpec is the one split of a replay.
type replaySpec struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // that much of the file is read
	Digest string `json:"digest"` // SHA-256 of it
	Lines  int64  `json:"lines"`
	Again  string `json:"again"`
}

// Splits implements [plugin.Splitter].
func (r *Replay) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	s := replaySpec{Path: r.path}
	var err error
	if s.Size, s.Lines, s.Digest, err = r.measure(-1); err != nil {
		return nil, err
	}
	if s.Again, err = free(r.path); err != nil {
		return nil, err
	}
	spec, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	r.remember(s.Again)
	return []plugin.Split{{ID: "0", Spec: spec}}, nil
}

func (r *Replay) remember(again string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.again = again
}

// Resume implements [plugin.Resumer]: the part of the file that the plan covers
// must be as it was.
func (r *Replay) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for _, p := range stored {
		s, err := replaySpecOf(p.Split)
		if err != nil {
			return nil, err
		}
		_, _, digest, err := r.measure(s.Size)
		if err != nil {
			return nil, err
		}
		if digest != s.Digest {
			return nil, errclass.With(errclass.PositionLost, fmt.Errorf("the dirty file %s has changed since its replay began: -fresh starts over", r.path))
		}
		r.remember(s.Again)
	}
	return stored, nil
}

func replaySpecOf(split plugin.Split) (s replaySpec, err error) {
	if err := json.Unmarshal(split.Spec, &s); err != nil {
		return s, errclass.With(errclass.PositionLost, fmt.Errorf("reading the plan of a replay: %w", err))
	}
	return s, nil
}

// measure returns size, lines and digest of the first limit bytes; -1: of all.
func (r *Replay) measure(limit int64) (size, lines int64, digest string, err error) {
	f, err := r.open()
	if err != nil {
		return 0, 0, "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var in io.Reader = f
	if limit >= 0 {
		in = io.LimitReader(f, limit)
	}
	hash := sha256.New()
	buf := make([]byte, bufferedBytes)
	for {
		n, err := in.Read(buf)
		hash.Write(buf[:n])
		size += int64(n)
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if err == io.EOF {
			return size, lines, hex.EncodeToString(hash.Sum(nil)), nil
		}
		if err != nil {
			return 0, 0, "", fmt.Errorf("reading the dirty file: %w", err)
		}
	}
}

func (r *Replay) open() (*os.File, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("opening the dirty file: %w", err))
	}
	return f, nil
}

var againSuffix = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\.again\d*$`)
})

// free names a file beside path that is not there yet.
func free(path string) (string, error) {
	ext := filepath.Ext(path)
	stem := againSuffix().ReplaceAllString(strings.TrimSuffix(path, ext), "")
	for n := 1; ; n++ {
		suffix := ".again"
		if n > 1 {
			suffix += strconv.Itoa(n)
		}
		name := stem + suffix + ext
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", fmt.Errorf("looking for a free name of a file for dirty rows: %w", err)
		}
	}
}

// Describe implements [plugin.Describer].
func (r *Replay) Describe(context.Context) ([]*record.Schema, error) {
	f, err := r.open()
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	in := r.reader(f)
	var all []*record.Schema
	for {
		e, err := in.Next()
		switch {
		case err == io.EOF:
			r.mu.Lock()
			defer r.mu.Unlock()
			maps.Copy(r.schemas, in.schemas)
			return all, nil
		case err != nil && e == nil:
			return nil, err
		case err == nil && e.Schema != nil && !e.AsRead && !slices.Contains(all, e.Schema):
			all = append(all, e.Schema)
		}
	}
}

// reader returns a reader that gives the shapes known so far by the same pointers.
func (r *Replay) reader(in io.Reader) *Reader {
	lines := NewReader(in)
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(lines.schemas, r.schemas)
	return lines
}

// Rows implements [plugin.Sizer].
func (r *Replay) Rows(_ context.Context, splits []plugin.Split) (int64, error) {
	var rows int64
	for _, split := range splits {
		s, err := replaySpecOf(split)
		if err != nil {
			return 0, err
		}
		rows += s.Lines
	}
	return rows, nil
}

// Probe implements [plugin.Prober].
func (r *Replay) Probe(context.Context) error {
	f, err := r.open()
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only looked at
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errclass.With(errclass.Config, fmt.Errorf("opening the dirty file: %s is no file of dirty rows", r.path))
	}
	return nil
}

// Open implements [plugin.Reader].
func (r *Replay) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	s, err := replaySpecOf(from.Split)
	if err != nil {
		return nil, err
	}
	var at replayPosition
	if from.Position != nil {
		if err := json.Unmarshal(from.Position, &at); err != nil || at.Version != replayVersion {
			return nil, errclass.With(errclass.PositionLost, fmt.Errorf("the position %s is none of a replay", from.Position))
		}
	}
	f, err := r.open()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(at.Offset, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the dirty file: %w", err), f.Close())
	}
	in := r.reader(io.LimitReader(f, s.Size-at.Offset))
	in.line, in.offset = at.Line, at.Offset
	return &replaySource{file: f, in: in, at: at}, nil
}

// Close implements [plugin.Reader]: nothing is shared.
func (r *Replay) Close() error { return nil }
