package builtin

import (
	"github.com/datasync-io/datasync/core/plugin"
	readbinlog "github.com/datasync-io/datasync/reader/binlog"
	readfile "github.com/datasync-io/datasync/reader/file"
	readkafka "github.com/datasync-io/datasync/reader/kafka"
	readmysql "github.com/datasync-io/datasync/reader/mysql"
	readpgwal "github.com/datasync-io/datasync/reader/pgwal"
	readpostgresql "github.com/datasync-io/datasync/reader/postgresql"
	readsqlite "github.com/datasync-io/datasync/reader/sqlite"
	readsqlserver "github.com/datasync-io/datasync/reader/sqlserver"
	readsqlservercdc "github.com/datasync-io/datasync/reader/sqlservercdc"
	readstream "github.com/datasync-io/datasync/reader/stream"
	writefile "github.com/datasync-io/datasync/writer/file"
	writekafka "github.com/datasync-io/datasync/writer/kafka"
	writemysql "github.com/datasync-io/datasync/writer/mysql"
	writepostgresql "github.com/datasync-io/datasync/writer/postgresql"
	writesqlite "github.com/datasync-io/datasync/writer/sqlite"
	writesqlserver "github.com/datasync-io/datasync/writer/sqlserver"
	writestream "github.com/datasync-io/datasync/writer/stream"
)

// Registry returns the plugins of this binary.
func Registry() (*plugin.Registry, error) { return plugin.NewRegistry(readers(), writers()) }

func readers() []plugin.ReaderInfo {
	return []plugin.ReaderInfo{
		readbinlog.Info(),
		readfile.Info(),
		readkafka.Info(),
		readmysql.Info(),
		readmysql.InfoSharded(),
		readpgwal.Info(),
		readpostgresql.Info(),
		readsqlite.Info(),
		readsqlserver.Info(),
		readsqlservercdc.Info(),
		readstream.Info(),
	}
}

func writers() []plugin.WriterInfo {
	return []plugin.WriterInfo{
		writefile.Info(),
		writekafka.Info(),
		writemysql.Info(),
		writepostgresql.Info(),
		writesqlite.Info(),
		writesqlserver.Info(),
		writestream.Info(),
	}
}
