package filekit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
)

// Local is the file system of this machine.
type Local struct{}

var (
	_ Opener = Local{}
	_ Disk   = Local{}
)

// Open opens a file for reading.
func (Local) Open(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Failed("opening", path, err)
	}
	return f, nil
}

// Stat looks at a file.
func (Local) Stat(path string) (Info, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Info{}, Failed("looking at", path, err)
	}
	return Info{Size: info.Size(), Changed: info.ModTime()}, nil
}

// Find lists files; see [Opener].
func (Local) Find(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return walk(path)
	case err == nil:
		return []string{filepath.Clean(path)}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, Failed("looking at", path, err)
	}
	matches, err := filepath.Glob(path)
	if len(matches) == 0 {
		matches = byExpression(path)
	}
	if len(matches) == 0 && err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("path %q is no pattern: %w", path, err))
	}
	if len(matches) == 0 {
		return nil, Failed("looking for", path, fs.ErrNotExist)
	}
	var files []string
	for _, m := range matches {
		if strings.HasPrefix(filepath.Base(m), ".") && !strings.HasPrefix(filepath.Base(path), ".") {
			continue
		}
		if info, err := os.Stat(m); err != nil {
			return nil, Failed("looking at", m, err)
		} else if !info.IsDir() {
			files = append(files, filepath.Clean(m))
			continue
		}
		found, err := walk(m)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// byExpression returns the entries of a directory that the last part of path,
// a regular expression, matches as a whole.
func byExpression(path string) (matches []string) {
	dir, last := filepath.Split(path)
	e, err := regexp.Compile("^(?:" + last + ")$")
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir(filepath.Clean(dir)) // "" is the present one
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		if e.MatchString(entry.Name()) {
			matches = append(matches, filepath.Join(dir, entry.Name()))
		}
	}
	return matches
}

// walk returns the files of a directory and those below it, but no hidden ones.
func walk(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 && linksToFile(path) {
			files = append(files, path)
		}
		return nil
	})
	return files, Failed("listing", dir, err)
}

func linksToFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
