package file

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

// disk is what the writer does to the file system; tests make it fail.
type disk interface {
	MkdirAll(path string) error
	// Create opens a file for writing at its end, empty if it is new.
	Create(path string) (diskFile, error)
	Truncate(path string, size int64) error
	Rename(from, to string) error
	RemoveAll(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	ReadFile(path string) ([]byte, error)
	// SyncDir makes the names in a directory survive a crash.
	SyncDir(path string) error
}

type diskFile interface {
	io.WriteCloser
	Sync() error
}

// osDisk is the operating system's.
type osDisk struct{}

func (osDisk) MkdirAll(path string) error                 { return os.MkdirAll(path, 0o755) }
func (osDisk) Truncate(path string, size int64) error     { return os.Truncate(path, size) }
func (osDisk) Rename(from, to string) error               { return os.Rename(from, to) }
func (osDisk) RemoveAll(path string) error                { return os.RemoveAll(path) }
func (osDisk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
func (osDisk) ReadFile(path string) ([]byte, error)       { return os.ReadFile(path) }

func (osDisk) Create(path string) (diskFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

func (osDisk) SyncDir(path string) (err error) {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// remedies say what to do about an error of the operating system.
var remedies = []struct {
	is     error
	remedy string
}{
	{syscall.ENOSPC, "the disk is full: free some space and resume"},
	{syscall.EDQUOT, "the quota is used up: free some space and resume"},
	{syscall.EFBIG, "the file may not grow any more (ulimit -f, or the file system's limit): raise it or set maxFileSize, and resume"},
	{fs.ErrPermission, "give this user the right to write there, or choose another path"},
	{syscall.EROFS, "the file system is read-only: choose another path"},
	{syscall.ENOTDIR, "a part of the path is a file: choose another path"},
}

// failed classifies an error of the disk and names the path and what to do.
// Paths that the error itself names are not repeated.
func failed(doing, path string, err error) error {
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

// syncTree makes path and the directory that holds it survive a crash.
func syncTree(d disk, path string) error {
	if err := d.SyncDir(path); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(path))
}
