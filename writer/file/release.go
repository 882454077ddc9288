package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/kit/filekit"
)

// releases tells that files are put in their places while the job runs.
func (w *writer) releases() bool { return w.config.interval() > 0 }

// usualInterval is publishInterval of a job whose rows are changes.
const usualInterval = time.Minute

func (c *Config) interval() time.Duration {
	switch {
	case c.PublishInterval != nil:
		return *c.PublishInterval
	case c.keepsChanges():
		return usualInterval
	}
	return 0
}

// due tells that the last file has taken rows for long enough.
func (s *sink) due() bool {
	return s.writer.releases() && len(s.files) > 0 && time.Since(s.born) >= s.writer.config.interval()
}

// release makes the files that take no more rows ready for their places, which
// Commit puts them in once the token that lists them is stored.
func (s *sink) release() error {
	if !s.writer.releases() {
		return nil
	}
	if s.due() && !s.next {
		if s.out != nil {
			if err := s.closeOutput(); err != nil {
				return err
			}
		}
		s.encoder.renew()
		s.next = true
	}
	if s.out != nil && s.full(s.out.size) {
		if err := s.closeOutput(); err != nil {
			return err
		}
	}
	s.ready = s.writer.unreleased(s.ready)
	open := len(s.files)
	if !s.next && (s.out != nil || open > 0 && !s.full(s.files[open-1].Size)) {
		open-- // it takes more rows
	}
	s.ready = append(s.ready, s.files[:open]...)
	s.files = slices.Clone(s.files[open:])
	return nil
}

// unreleased returns the files that are not in their places yet, and forgets
// that the others are: no token lists them any longer.
func (w *writer) unreleased(files []hidden) (left []hidden) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range files {
		if w.released[f.Name] {
			delete(w.released, f.Name)
			continue
		}
		left = append(left, f)
	}
	return left
}

// put puts the files that a token has made ready in their places; those that
// are there already are left out. w.mu is held.
func (w *writer) put(t token) error {
	for _, f := range t.Ready {
		if w.released[f.Name] {
			continue
		}
		from := filepath.Join(w.hidden, f.Name)
		_, err := w.seal(f)
		if errors.Is(err, fs.ErrNotExist) { // it was put there before
			w.released[f.Name] = true
			continue
		}
		if err != nil {
			return err
		}
		to, err := w.free(w.stem + partSuffix(t.Channel, f.Index))
		if err != nil {
			return err
		}
		err = w.disk.Rename(from, to)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return filekit.Failed("renaming "+from+" to", to, err)
		}
		if err := w.disk.SyncDir(w.config.Path); err != nil {
			return filekit.Failed("syncing", w.config.Path, err)
		}
		w.released[f.Name] = true
	}
	return nil
}

// free returns the path of a result, another one where earlier results are kept.
func (w *writer) free(name string) (string, error) {
	path := filepath.Join(w.config.Path, name+w.ext)
	if w.config.WriteMode != "append" {
		return path, nil
	}
	entries, err := w.disk.ReadDir(w.config.Path)
	if err != nil {
		return "", filekit.Failed("reading", w.config.Path, err)
	}
	for n := 1; slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == filepath.Base(path) }); n++ {
		path = filepath.Join(w.config.Path, fmt.Sprint(name, "_", strconv.Itoa(n), w.ext))
	}
	return path, nil
}
