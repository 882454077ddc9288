package file

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"syscall"

	"github.com/datasync-io/datasync/core/kit/filekit"
)

// faultyDisk fails its n-th change, counted from 1 over all methods, and all
// that follow: a machine that died, or a disk that is full.
type faultyDisk struct {
	filekit.Local
	calls atomic.Int64
	fail  int64
	err   error
}

var errDied = errors.New("the machine died")

func (d *faultyDisk) change() error {
	if n := d.calls.Add(1); d.fail > 0 && n >= d.fail {
		return d.err
	}
	return nil
}

func (d *faultyDisk) MkdirAll(path string) error {
	if err := d.change(); err != nil {
		return err
	}
	return d.Local.MkdirAll(path)
}

func (d *faultyDisk) Create(path string) (filekit.DiskFile, error) {
	if err := d.change(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := d.Local.Create(path)
	return &faultyFile{DiskFile: f, disk: d}, err
}

func (d *faultyDisk) Truncate(path string, size int64) error {
	if err := d.change(); err != nil {
		return err
	}
	return d.Local.Truncate(path, size)
}

func (d *faultyDisk) Rename(from, to string) error {
	if err := d.change(); err != nil {
		return err
	}
	return d.Local.Rename(from, to)
}

func (d *faultyDisk) RemoveAll(path string) error {
	if err := d.change(); err != nil {
		return err
	}
	return d.Local.RemoveAll(path)
}

func (d *faultyDisk) SyncDir(path string) error {
	if err := d.change(); err != nil {
		return err
	}
	return d.Local.SyncDir(path)
}

type faultyFile struct {
	filekit.DiskFile
	disk *faultyDisk
}

// Write writes a half of what a full disk does not take.
func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.disk.change(); err != nil {
		n, werr := f.DiskFile.Write(p[:len(p)/2])
		return n, errors.Join(&fs.PathError{Op: "write", Err: err}, werr)
	}
	return f.DiskFile.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.disk.change(); err != nil {
		return &fs.PathError{Op: "sync", Err: err}
	}
	return f.DiskFile.Sync()
}

var full error = syscall.ENOSPC
