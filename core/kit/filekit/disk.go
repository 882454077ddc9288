package filekit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/datasync-io/datasync/core/errclass"
)

// Disk is what a writer does to a file system; tests make it fail. It may be
// used by several goroutines.
type Disk interface {
	MkdirAll(path string) error
	// Create opens a file for writing at its end, empty if it is new.
	Create(path string) (DiskFile, error)
	// Open opens a file for reading.
	Open(path string) (File, error)
	Truncate(path string, size int64) error
	Rename(from, to string) error
	RemoveAll(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	ReadFile(path string) ([]byte, error)
	// SyncDir makes the names in a directory survive a crash.
	SyncDir(path string) error
}

// DiskFile is a file that is written.
type DiskFile interface {
	io.WriteCloser
	// Sync makes what was written survive a crash.
	Sync() error
}

// MkdirAll makes a directory and those above it.
func (Local) MkdirAll(path string) error { return os.MkdirAll(path, 0o755) }

// Truncate cuts a file.
func (Local) Truncate(path string, size int64) error { return os.Truncate(path, size) }

// Rename moves a file at once, over one that is there.
func (Local) Rename(from, to string) error { return os.Rename(from, to) }

// RemoveAll removes a file or a directory with all in it; one that is not
// there is no error.
func (Local) RemoveAll(path string) error { return os.RemoveAll(path) }

// ReadDir lists a directory.
func (Local) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// ReadFile reads a small file.
func (Local) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// Create opens a file for writing at its end.
func (Local) Create(path string) (DiskFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

// SyncDir makes the names in a directory survive a crash.
func (Local) SyncDir(path string) (err error) {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// SyncTree makes path and the directory that holds it survive a crash.
func SyncTree(d Disk, path string) error {
	if err := d.SyncDir(path); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(path))
}

// remedies say what to do about an error of the operating system.
var remedies = []struct {
	is     error
	remedy string
}{
	{fs.ErrNotExist, "check path; relative ones begin where datasync was started"},
	{syscall.ENOSPC, "the disk is full: free some space and resume"},
	{syscall.EDQUOT, "the quota is used up: free some space and resume"},
	{syscall.EFBIG, "the file may not grow any more (ulimit -f, or the file system's limit): raise it or set maxFileSize, and resume"},
	{fs.ErrPermission, "give this user the right to it, or choose another path"},
	{syscall.EROFS, "the file system is read-only: choose another path"},
	{syscall.ENOTDIR, "a part of the path is a file: choose another path"},
}

// Failed classifies an error of the file system and names the path and what to
// do; nil for nil. Paths that the error itself names are not repeated.
func Failed(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	cause := err
	var p *fs.PathError
	if errors.As(err, &p) {
		cause = p.Err
	}
	for _, r := range remedies {
		if errors.Is(err, r.is) {
			return errclass.With(errclass.Permanent, fmt.Errorf("%s %s: %w: %s", doing, path, cause, r.remedy))
		}
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("%s %s: %w", doing, path, cause))
}
