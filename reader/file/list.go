package file

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/filekit"
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

// expand returns the files of one path, or of several parted by commas.
func expand(path string) ([]string, error) {
	o, local, err := filekit.OpenerOf(path)
	if err != nil {
		return nil, err
	}
	files, err := o.Find(local)
	if err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(path, ",") {
		return files, err
	}
	for _, part := range strings.Split(path, ",") {
		found, err := expand(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

func lookAt(path string) (filekit.Info, error) {
	o, path, err := filekit.OpenerOf(path)
	if err != nil {
		return filekit.Info{}, err
	}
	return o.Stat(path)
}

func open(path string) (filekit.File, error) {
	o, path, err := filekit.OpenerOf(path)
	if err != nil {
		return nil, err
	}
	return o.Open(path)
}
