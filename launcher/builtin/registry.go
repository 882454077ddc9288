package builtin

import (
	"github.com/datasync-io/datasync/core/plugin"
	readfile "github.com/datasync-io/datasync/reader/file"
	readmysql "github.com/datasync-io/datasync/reader/mysql"
	readsqlite "github.com/datasync-io/datasync/reader/sqlite"
	readstream "github.com/datasync-io/datasync/reader/stream"
	writefile "github.com/datasync-io/datasync/writer/file"
	writekafka "github.com/datasync-io/datasync/writer/kafka"
	writesqlite "github.com/datasync-io/datasync/writer/sqlite"
	writestream "github.com/datasync-io/datasync/writer/stream"
)

// Registry returns the plugins of this binary.
func Registry() (*plugin.Registry, error) { return plugin.NewRegistry(readers(), writers()) }

func readers() []plugin.ReaderInfo {
	return []plugin.ReaderInfo{
		readfile.Info(),
		readmysql.Info(),
		readsqlite.Info(),
		readstream.Info(),
	}
}

func writers() []plugin.WriterInfo {
	return []plugin.WriterInfo{
		writefile.Info(),
		writekafka.Info(),
		writesqlite.Info(),
		writestream.Info(),
	}
}
