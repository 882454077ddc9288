package pgwal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// The server and the database, as jdbc:postgresql://host:5432/database.
	URL string `json:"url" alias:"jdbcUrl" required:"true"`
	// The user, who needs REPLICATION, and SELECT on the tables.
	Username string `json:"username"`
	// The user's password.
	Password config.Secret `json:"password"`
	// The database, where url does not name it.
	Database string `json:"databaseName"`
	// The tables, as schema.table; absent: all of the publication. A partitioned table stands for its partitions.
	Tables config.StringList `json:"tableList"`
	// Which changes are read: a list, parted by commas, of insert, update and delete.
	Kinds string `json:"cat"`
	// The replication slot; absent: one of this job alone, which is created.
	Slot string `json:"slotName"`
	// Create the slot if it is not there.
	CreateSlot bool `json:"allowCreateSlot" alias:"allowCreated"`
	// The slot ends with the connection: an interrupted job cannot go on with it.
	Temporary bool `json:"temporary"`
	// The publication; absent: dtstack_flinkx if it is there, else datasync_ and the slot's name, which is created.
	Publication string `json:"publicationName"`
	// How often the server is told that the job is alive, and how far it is.
	StatusInterval config.Duration `json:"statusInterval" unit:"s"`
	// Where the first run begins, as 16/B374D848; absent or 0: where the slot is.
	LSN string `json:"lsn"`
	// Where the first run begins, and what of the tables' rows is copied; absent: as lsn says.
	Start Start `json:"start"`
	// What to do when the position can no longer be read from, as when the slot is gone: stop, or copy the tables again (snapshot). Rows that were deleted meanwhile stay at the destination.
	OnPositionLost string `json:"onPositionLost" enum:"stop,snapshot"`
	// What to do with a message of the log that cannot be read: stop, with the message in the error, or hand it over as a dirty row with its bytes and go on (setAside).
	OnEventFailure string `json:"onEventFailure" enum:"stop,setAside"`
	// Leave schema changes out; false hands them to the writer.
	SkipDDL bool `json:"ddlSkip"`
	// Have the server send large transactions before they end (PostgreSQL 14 and later). They are kept in the state folder until they do.
	Streaming bool `json:"streaming"`
	// A transaction with more changes than this may be cut, so that its rows become durable on the way: after a crash the job goes on inside of it. 0: never.
	MaxTransactionRows int64 `json:"maxTransactionRows" min:"0"`
	// Write to the source every so often, so that the slot's position moves on whatever else is in the log. Absent: the server's word for how far its log is will do.
	Heartbeat Heartbeat `json:"heartbeat"`
	// Further connection parameters, which win over those of url.
	Properties map[string]string `json:"properties"`
	// One flat row per change, before_x and after_x; a shape of the writer's output.
	PavingData *bool `json:"pavingData"`
	// An update is two rows; a shape of the writer's output.
	Split *bool `json:"split" alias:"splitUpdate"`
	// Accepted for the sake of old files.
	SlotAvailable *bool `json:"slotAvailable" ignored:"whether the slot is in use is found out"`

	settings *pgkit.Settings
	tables   []record.Name
	cat      map[record.Op]bool
	lsn      pgkit.LSN
}

// Start is where the reader begins.
type Start struct {
	// initial: the rows that are there, then the log. initial-only: these rows alone. latest: the log's end. earliest: where the slot is. Absent: as lsn says.
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

func defaults() *Config {
	return &Config{Kinds: "insert,update,delete", StatusInterval: 10 * time.Second, SkipDDL: true, OnPositionLost: lostStop, OnEventFailure: failureStop,
		Heartbeat: Heartbeat{Interval: 10 * time.Second}}
}

// NoEffect names keys that are not the reader's.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"column": "all columns of the tables are read; transformSql or nameMapping choose and rename",
	}
}

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	return errors.Join(c.dial(), c.choose(), c.begin(), c.checkStart(), c.checkSlot(), c.Heartbeat.check())
}

func (c *Config) dial() error {
	u, err := pgkit.ParseURL(c.URL)
	if err != nil {
		return config.Field("url", err)
	}
	s, _, err := pgkit.NewSettings(u, c.Properties)
	if err != nil {
		return config.Field("url", err)
	}
	if c.Username != "" {
		s.User = c.Username
	}
	if c.Password.IsSet() {
		s.Password = c.Password
	}
	switch {
	case c.Database != "" && u.Database != "" && c.Database != u.Database:
		return config.Fieldf("databaseName", "is %q and url names %q: keep one", c.Database, u.Database)
	case c.Database != "":
		s.Database = c.Database
	case s.Database == "":
		return config.Fieldf("databaseName", "is required: the log of one database is read")
	}
	if s.User == "" {
		return config.Fieldf("username", "is required")
	}
	c.settings = s
	return nil
}

// schema is that of a table that is named without one.
const schema = "public"

// choose reads tableList and cat.
func (c *Config) choose() (err error) {
	c.tables, err = sqlkit.TableList(c.Tables, schema)
	var kinds error
	c.cat, kinds = sqlkit.Kinds(c.Kinds)
	return errors.Join(err, kinds)
}

func (c *Config) begin() error {
	if c.LSN == "" || c.LSN == "0" {
		return nil
	}
	var err error
	if c.lsn, err = pgkit.ParseLSN(c.LSN); err != nil {
		return config.Fieldf("lsn", "expected a place in the log such as 16/B374D848, found %q", c.LSN)
	}
	return nil
}

// checkStart refuses keys that contradict start.
func (c *Config) checkStart() error {
	var errs []error
	if c.Start.Mode != "" && c.lsn != 0 {
		errs = append(errs, config.Fieldf("start.mode", "is %q, and lsn says otherwise: keep one", c.Start.Mode))
	}
	if c.Start.Mode == modeInitial && c.Temporary {
		errs = append(errs, config.Fieldf("start.mode", "initial goes on with the log, which a slot has to keep from before the first row: remove temporary"))
	}
	if c.OnPositionLost == lostSnapshot && c.Temporary {
		errs = append(errs, config.Fieldf("onPositionLost", "snapshot goes on with the log, which a slot has to keep from before the first row: remove temporary"))
	}
	where := map[string]string{}
	errs = append(errs, handover.CheckConditions(c.Start.Where, c.Start.copies() || c.OnPositionLost == lostSnapshot, func(table string) (bool, error) {
		name, err := sqlkit.InSchema(table, schema)
		where[name.Schema+"."+name.Table] = c.Start.Where[table]
		return c.wants(name), err
	}))
	c.Start.Where = where
	return errors.Join(errs...)
}

// slotLetters are what a slot's name may have.
const slotLetters = "abcdefghijklmnopqrstuvwxyz0123456789_"

const maxName = 63 // of PostgreSQL's names, in bytes

func (c *Config) checkSlot() error {
	if c.StatusInterval <= 0 {
		return config.Fieldf("statusInterval", "expected seconds above 0")
	}
	if strings.Trim(c.Slot, slotLetters) != "" || len(c.Slot) > maxName {
		return config.Fieldf("slotName", "expected at most %d lower case letters, digits and underscores, found %q", maxName, c.Slot)
	}
	return nil
}

// slot is the name of the slot of a job, and of no other: what the name of the
// job has that a slot's may not have, its digest stands for.
func (c *Config) slot(job string) string {
	if c.Slot != "" {
		return c.Slot
	}
	base, index := job, "-"                                                                             // which no slot may have
	if at := strings.LastIndexByte(job, '-'); at >= 0 && strings.Trim(job[at+1:], "0123456789") == "" { // the place of the pipeline in its file
		base, index = job[:at], "_"+job[at+1:]
	}
	name := "datasync_" + base + index
	if strings.Trim(base+index, slotLetters) == "" && len(name) <= maxName {
		return name
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(slotLetters, r) {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	digest := sha256.Sum256([]byte(job))
	end := "_" + hex.EncodeToString(digest[:4])
	return name[:min(len(name), maxName-len(end))] + end
}

// wants tells whether the job reads a table. That of heartbeats it reads only
// where it is listed.
func (c *Config) wants(name record.Name) bool {
	same := func(t record.Name) bool { return t.Schema == name.Schema && t.Table == name.Table }
	if len(c.tables) == 0 {
		return !same(c.Heartbeat.name)
	}
	return slices.ContainsFunc(c.tables, same)
}
