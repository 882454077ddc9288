package file

import (
	"errors"
	"path/filepath"

	"github.com/datasync-io/datasync/core/kit/filekit"
)

// output is an open hidden file.
type output struct {
	path string
	file filekit.DiskFile
	size int64          // bytes in the file
	pack filekit.Packer // nil: plain
	open bool           // a packed piece has been begun
}

// openOutput opens a file behind its durable size.
func openOutput(w *writer, f hidden) (*output, error) {
	o := &output{path: filepath.Join(w.hidden, f.Name), size: f.Size}
	file, err := w.disk.Create(o.path)
	if err != nil {
		return nil, filekit.Failed("creating", o.path, err)
	}
	o.file = file
	if w.packed() {
		if o.pack, err = filekit.NewPacker(w.config.Compress); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return o, nil
}

// counted writes to the file and keeps its size.
type counted struct{ o *output }

func (c counted) Write(p []byte) (int, error) {
	n, err := c.o.file.Write(p)
	c.o.size += int64(n)
	return n, err
}

func (o *output) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	var err error
	if o.pack != nil {
		if !o.open {
			o.pack.Reset(counted{o})
			o.open = true
		}
		_, err = o.pack.Write(p)
	} else {
		_, err = counted{o}.Write(p)
	}
	return filekit.Failed("writing", o.path, err)
}

// sync ends the packed piece and forces the file to the disk.
func (o *output) sync() error {
	if o.open {
		o.open = false
		if err := o.pack.Close(); err != nil {
			return filekit.Failed("writing", o.path, err)
		}
	}
	return filekit.Failed("syncing", o.path, o.file.Sync())
}

func (o *output) close() error { return filekit.Failed("closing", o.path, o.file.Close()) }
