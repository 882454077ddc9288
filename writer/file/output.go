package file

import (
	"errors"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// output is an open hidden file.
type output struct {
	path string
	file diskFile
	size int64        // bytes in the file
	gzip *gzip.Writer // nil: plain
	open bool         // a gzip member has been begun
}

// openOutput opens a file behind its durable size.
func openOutput(w *writer, f hidden) (*output, error) {
	o := &output{path: filepath.Join(w.hidden, f.Name), size: f.Size}
	file, err := w.disk.Create(o.path)
	if err != nil {
		return nil, failed("creating", o.path, err)
	}
	o.file = file
	if w.config.Compress == "gzip" {
		o.gzip, err = gzip.NewWriterLevel(counted{o}, gzip.BestSpeed)
		if err != nil {
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
	if o.gzip != nil {
		if !o.open {
			o.gzip.Reset(counted{o})
			o.open = true
		}
		_, err = o.gzip.Write(p)
	} else {
		_, err = counted{o}.Write(p)
	}
	return failed("writing", o.path, err)
}

// sync ends the gzip member and forces the file to the disk.
func (o *output) sync() error {
	if o.open {
		o.open = false
		if err := o.gzip.Close(); err != nil {
			return failed("writing", o.path, err)
		}
	}
	return failed("syncing", o.path, o.file.Sync())
}

func (o *output) close() error { return failed("closing", o.path, o.file.Close()) }
