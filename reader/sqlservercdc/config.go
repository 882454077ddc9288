package sqlservercdc

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the sqlservercdc reader. The case of keys does
// not matter.
type Config struct {
	// The server and the database, as jdbc:sqlserver://host:1433;databaseName=db or jdbc:jtds:sqlserver://host:1433/db.
	URL string `json:"url" alias:"jdbcUrl" required:"true"`
	// User name. The user needs SELECT on the schema cdc and on the captured columns, and the roles that the capture instances are gated by; to copy rows also VIEW DATABASE STATE.
	Username string `json:"username"`
	// Password.
	Password config.Secret `json:"password"`
	// The database, where url does not name it.
	Database string `json:"databaseName"`
	// The tables, as schema.table; absent: all that are captured. A table without a schema is one of dbo.
	Tables config.StringList `json:"tableList"`
	// Which changes are read: a list, parted by commas, of insert, update and delete. An update that changes the key is an update.
	Kinds string `json:"cat"`
	// How long to wait before asking for changes again, once all are read.
	PollInterval time.Duration `json:"pollInterval" unit:"ms"`
	// Where the first run begins, as 00000032:00002038:0005: with the first commit after it. Later runs go on where the last one has ended.
	LSN string `json:"lsn"`
	// Where the first run begins, where lsn does not say it.
	Start Start `json:"start"`
	// What to do when the position can no longer be read from, as when changes were removed before they were read: stop, or copy the tables again (snapshot). Rows that were deleted meanwhile stay at the destination.
	OnPositionLost string `json:"onPositionLost" enum:"stop,snapshot"`
	// Leave schema changes out; false hands them to the writer: a table that goes over to another capture instance, or whose captured columns change.
	SkipDDL bool `json:"ddlSkip"`
	// How long to wait for a connection.
	ConnectTimeOut time.Duration `json:"connectTimeOut" unit:"ms"`
	// Further connection parameters, which win over those of url.
	Properties map[string]string `json:"properties"`
	// One flat row per change, before_x and after_x; a shape of the writer's output.
	PavingData *bool `json:"pavingData"`
	// An update is two rows; a shape of the writer's output.
	Split *bool `json:"split" alias:"splitUpdate"`

	tables []record.Name
	cat    map[record.Op]bool
	lsn    lsn
}

// Start is where the first run begins.
type Start struct {
	// initial: the rows that are there, then the changes. initial-only: these rows alone. latest: the end of what has been captured. earliest: the oldest change that the change tables have. Absent: as lsn says, else latest.
	Mode string `json:"mode" enum:"initial,initial-only,latest,earliest"`
	// Per table, as schema.table: a condition that rows must meet to be copied, without the word WHERE. Changes are read of all rows.
	Where map[string]string `json:"where"`
}

// Modes of starting.
const (
	modeInitial     = "initial"
	modeInitialOnly = "initial-only"
	modeLatest      = "latest"
	modeEarliest    = "earliest"
)

// copies tells that the rows of the tables are copied.
func (s *Start) copies() bool { return s.Mode == modeInitial || s.Mode == modeInitialOnly }

// condition is what rows of a table must meet to be copied; "": nothing.
func (s *Start) condition(name record.Name) string {
	for text, condition := range s.Where {
		if of, err := sqlkit.InSchema(text, schema); err == nil && sameName(of, name) {
			return condition
		}
	}
	return ""
}

func defaults() *Config {
	return &Config{Kinds: "insert,update,delete", PollInterval: time.Second, OnPositionLost: lostStop, SkipDDL: true}
}

// AnyCaseKeys implements [config.AnyCaser].
func (*Config) AnyCaseKeys() {}

// NoEffect implements [config.NoEffecter].
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"timestampFormat":     "times keep their kind; DATE_FORMAT of transformSql writes them",
		"autoCommit":          "nothing is written to the server",
		"autoResetConnection": "a connection that breaks is dialled again from the last stored position, as setting.restart says",
		"column":              "all captured columns of the tables are read; transformSql or nameMapping choose and rename",
	}
}

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	_, _, err := c.settings()
	return errors.Join(err, c.choose(), c.begin(), c.checkStart())
}

// settings says how to dial; unused are the connection parameters without effect.
func (c *Config) settings() (s *mssqlkit.Settings, unused []string, err error) {
	u, err := mssqlkit.ParseURL(c.URL)
	if err != nil {
		return nil, nil, config.Field("url", err)
	}
	if s, unused, err = mssqlkit.NewSettings(u, c.Properties); err != nil {
		return nil, nil, config.Field("url", err)
	}
	if c.Username != "" {
		s.User = c.Username
	}
	if c.Password.IsSet() {
		s.Password = c.Password
	}
	if c.ConnectTimeOut > 0 {
		s.ConnectTimeout = c.ConnectTimeOut
	}
	switch {
	case c.Database != "" && s.Database != "" && !strings.EqualFold(c.Database, s.Database):
		return nil, nil, config.Fieldf("databaseName", "is %q and url names %q: keep one", c.Database, s.Database)
	case c.Database != "":
		s.Database = c.Database
	case s.Database == "":
		return nil, nil, config.Fieldf("databaseName", "is required: the changes of one database are read")
	}
	if s.User == "" {
		return nil, nil, config.Fieldf("username", "No username supplied")
	}
	return s, unused, nil
}

// schema is that of a table that is named without one.
const schema = "dbo"

// choose reads tableList and cat.
func (c *Config) choose() (err error) {
	c.tables, err = sqlkit.TableList(c.Tables, schema)
	var kinds error
	c.cat, kinds = sqlkit.Kinds(c.Kinds)
	return errors.Join(err, kinds)
}

func (c *Config) begin() error {
	if c.PollInterval <= 0 {
		return config.Fieldf("pollInterval", "expected milliseconds above 0")
	}
	if c.LSN == "" {
		return nil
	}
	if c.Start.Mode != "" {
		return config.Fieldf("start.mode", "is %q, and lsn says otherwise; keep one", c.Start.Mode)
	}
	var err error
	if c.lsn, err = parseLSN(c.LSN); err != nil {
		return config.Field("lsn", err)
	}
	return nil
}

// checkStart refuses keys that contradict start.
func (c *Config) checkStart() error {
	var errs []error
	if s, _, err := c.settings(); err == nil && s.ReadOnlyIntent {
		const primary = "%s asks the primary replica up to where its log is captured: remove applicationIntent=ReadOnly"
		if c.Start.Mode == modeInitial {
			errs = append(errs, config.Fieldf("start.mode", primary, modeInitial))
		}
		if c.OnPositionLost == lostSnapshot {
			errs = append(errs, config.Fieldf("onPositionLost", primary, lostSnapshot))
		}
	}
	return errors.Join(append(errs, handover.CheckConditions(c.Start.Where, c.Start.copies() || c.OnPositionLost == lostSnapshot, func(table string) (bool, error) {
		name, err := sqlkit.InSchema(table, schema)
		return c.wants(name), err
	}))...)
}

// sameName tells that two names are of one table. Names that differ in case
// alone are the same, as with the server's usual collations.
func sameName(a, b record.Name) bool {
	return strings.EqualFold(a.Schema, b.Schema) && strings.EqualFold(a.Table, b.Table)
}

// wants tells whether the job reads a table.
func (c *Config) wants(name record.Name) bool {
	return len(c.tables) == 0 || slices.ContainsFunc(c.tables, func(t record.Name) bool { return sameName(t, name) })
}
