package job

import (
	"cmp"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// DirtyTable is a table that bad rows are written into.
type DirtyTable struct {
	// JDBC URL of the database: MySQL, PostgreSQL, SQL Server or SQLite.
	URL string `json:"url" alias:"jdbcUrl" required:"true"`
	// User name.
	Username string `json:"username"`
	// Password.
	Password config.Secret `json:"password"`
	// Database, or schema, of the table, if the URL does not say it.
	Database string `json:"database"`
	// The table; created if it is missing.
	Table string `json:"table"`
	// So many bad rows are written at once.
	BatchSize int `json:"batchSize" min:"1"`
	// How long a bad row waits for others, at most.
	FlushInterval config.Duration `json:"batchFlushInterval" unit:"ms" min:"1"`
}

// SetDefaults fills in what ChunJun uses.
func (t *DirtyTable) SetDefaults() {
	*t = DirtyTable{Table: dirtyTable, BatchSize: 1000, FlushInterval: time.Second}
}

const dirtyTable = "chunjun_dirty_data"

// DirtyTableProperties are [DirtyTable] as ChunJun spells it; they win over
// job.setting.dirty.jdbc.
type DirtyTableProperties struct {
	// JDBC URL of the database that bad rows are written into, with output-type jdbc.
	URL string `json:"chunjun.dirty-data.jdbc.url" alias:"flinkx.dirty-data.jdbc.url"`
	// User name.
	Username string `json:"chunjun.dirty-data.jdbc.username" alias:"flinkx.dirty-data.jdbc.username"`
	// Password.
	Password config.Secret `json:"chunjun.dirty-data.jdbc.password" alias:"flinkx.dirty-data.jdbc.password"`
	// Database, or schema, of the table, if the URL does not say it.
	Database string `json:"chunjun.dirty-data.jdbc.database" alias:"flinkx.dirty-data.jdbc.database"`
	// The table; absent, chunjun_dirty_data. Created if it is missing.
	Table string `json:"chunjun.dirty-data.jdbc.table" alias:"flinkx.dirty-data.jdbc.table"`
	// So many bad rows are written at once; 0: not given, 1000.
	BatchSize int `json:"chunjun.dirty-data.jdbc.batch-size" alias:"flinkx.dirty-data.jdbc.batch-size" min:"0"`
	// How long a bad row waits for others, at most; 0: not given, one second.
	FlushInterval config.Duration `json:"chunjun.dirty-data.jdbc.batch-flush-interval" alias:"flinkx.dirty-data.jdbc.batch-flush-interval" min:"0"`
}

// DirtyTable returns the table that bad rows are written into, or nil if there
// is none.
func (j *Job) DirtyTable() *DirtyTable { return j.dirtyTable }

// toTable tells that the properties send bad rows into a table.
func (p Properties) toTable() bool { return p.DirtyOutput == "jdbc" || p.DirtyOutput == "mysql" }

// table makes j.dirtyTable of both doors.
func (p *parser) table(j *Job) {
	var t *DirtyTable
	if d := j.Setting.Dirty; d != nil && d.JDBC != nil && (j.Properties.DirtyOutput == "" || j.Properties.toTable()) {
		copied := *d.JDBC
		t = &copied
	}
	props := j.Properties.DirtyTableProperties
	switch {
	case !j.Properties.toTable():
		if props.URL != "" {
			p.notes.Warn(&config.Error{File: confProp, Path: "chunjun.dirty-data.jdbc.url", Msg: "has no effect: chunjun.dirty-data.output-type is not jdbc"})
		}
	case t == nil:
		t = &DirtyTable{}
		t.SetDefaults()
		fallthrough
	default:
		t.URL, t.Username = cmp.Or(props.URL, t.URL), cmp.Or(props.Username, t.Username)
		t.Database, t.Table = cmp.Or(props.Database, t.Database), cmp.Or(props.Table, t.Table)
		t.BatchSize, t.FlushInterval = cmp.Or(props.BatchSize, t.BatchSize), cmp.Or(props.FlushInterval, t.FlushInterval)
		if props.Password.IsSet() {
			t.Password = props.Password
		}
		if t.URL == "" {
			p.add(&config.Error{File: confProp, Path: "chunjun.dirty-data.jdbc.url", Msg: "is required with output-type " + j.Properties.DirtyOutput})
			t = nil
		}
	}
	j.dirtyTable = t
}
