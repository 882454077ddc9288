package filekit

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
)

// Opener finds and opens files for reading. It may be used by several goroutines.
type Opener interface {
	// Find returns the files that a path stands for: a name, a directory with
	// all below it except hidden files, a pattern of path/filepath, or a
	// regular expression as the last part. None is fs.ErrNotExist.
	Find(path string) ([]string, error)
	// Stat tells a file's size and when it was changed.
	Stat(path string) (Info, error)
	// Open opens a file.
	Open(path string) (File, error)
}

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
}

// Info is what tells whether a file has changed.
type Info struct {
	Size    int64
	Changed time.Time
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+://`)

// LocalPath returns the path of a file of this machine: as it is, or without
// file://. Any other scheme is an error of class Config.
func LocalPath(path string) (string, error) {
	s := scheme.FindString(path)
	switch {
	case s == "":
		return path, nil
	case strings.EqualFold(s, "file://"):
		if rest := path[len(s):]; strings.HasPrefix(rest, "/") {
			return rest, nil
		}
		return "", errclass.With(errclass.Config, fmt.Errorf("%q: a file URL has three slashes, as in file:///data/a.csv", path))
	}
	return "", errclass.With(errclass.Config, fmt.Errorf("%q: only local files can be used so far: mount or copy what is behind %s", path, s))
}

// OpenerOf returns what opens a path, and the path as that takes it.
func OpenerOf(path string) (Opener, string, error) {
	path, err := LocalPath(path)
	return Local{}, path, err
}

// DiskOf returns what a directory is written through, and its path as that
// takes it.
func DiskOf(path string) (Disk, string, error) {
	path, err := LocalPath(path)
	return Local{}, path, err
}
