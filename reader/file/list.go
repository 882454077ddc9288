package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
)

// list returns the files that the paths stand for, sorted, each once.
func (c *Config) list() ([]string, error) {
	var files []string
	for _, path := range c.Path {
		found, err := expand(path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// expand returns the files of one path: a name, a directory, a pattern, or
// several of them parted by commas.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return walk(path)
	case err == nil:
		return []string{filepath.Clean(path)}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, failed("looking at", path, err)
	}
	if strings.Contains(path, ",") {
		var files []string
		for _, part := range strings.Split(path, ",") {
			found, err := expand(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
		return files, nil
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("path %q is no pattern: %w", path, err))
	}
	if len(matches) == 0 {
		return nil, failed("looking for", path, fs.ErrNotExist)
	}
	var files []string
	for _, m := range matches {
		if strings.HasPrefix(filepath.Base(m), ".") && !strings.HasPrefix(filepath.Base(path), ".") {
			continue
		}
		found, err := expand(m)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
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
	return files, failed("listing", dir, err)
}

func linksToFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// failed names the path and what to do about an error of the operating system.
func failed(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	cause := err
	var p *fs.PathError
	if errors.As(err, &p) {
		cause = p.Err
	}
	remedy := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		remedy = ": check path; relative ones begin where datasync was started"
	case errors.Is(err, fs.ErrPermission):
		remedy = ": give this user the right to read it"
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("%s %s: %w%s", doing, path, cause, remedy))
}
