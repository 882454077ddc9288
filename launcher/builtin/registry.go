package builtin

import (
	"github.com/datasync-io/datasync/core/plugin"
	readstream "github.com/datasync-io/datasync/reader/stream"
	writestream "github.com/datasync-io/datasync/writer/stream"
)

// Registry returns the plugins of this binary.
func Registry() (*plugin.Registry, error) { return plugin.NewRegistry(readers(), writers()) }

func readers() []plugin.ReaderInfo {
	return []plugin.ReaderInfo{
		readstream.Info(),
	}
}

func writers() []plugin.WriterInfo {
	return []plugin.WriterInfo{
		writestream.Info(),
	}
}
