package binlog

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the binlog reader. The case of keys does not
// matter. The user needs REPLICATION SLAVE and REPLICATION CLIENT, and SELECT
// on the tables.
type Config struct {
	// Host of the server; absent, jdbcUrl names it.
	Host string `json:"host"`
	// Port of the server.
	Port int `json:"port" min:"1"`
	// Further servers of the same replication group, as host or host:port, tried in order after host: with GTIDs the job goes on from any of them.
	Hosts config.StringList `json:"hosts"`
	// User name.
	Username string `json:"username"`
	// Password.
	Password config.Secret `json:"password"`
	// JDBC URL: host and port where these are not given, the default database, and connection parameters.
	JDBCURL config.StringList `json:"jdbcUrl"`
	// Changes to read, separated by commas: insert, update, delete. An update that changes the key is an update.
	Cat string `json:"cat" required:"true"`
	// Tables as db.t, or t of the database in jdbcUrl. A part may be a regular expression. It overrides filter.
	Table config.StringList `json:"table"`
	// Regular expressions over db.t, separated by commas, a dot written as \\. where it is one. Absent, all tables of the database in jdbcUrl.
	Filter string `json:"filter"`
	// Where to begin; absent, at the log's current end.
	Start Start `json:"start"`
	// What to do when the position can no longer be read from: stop, or copy the tables again (snapshot). Rows that were deleted meanwhile stay at the destination.
	OnPositionLost string `json:"onPositionLost" enum:"stop,snapshot"`
	// What to do with an event that cannot be read: stop, with the event in the error, or hand it over as a dirty row with its bytes and go on (setAside).
	OnEventFailure string `json:"onEventFailure" enum:"stop,setAside"`
	// Leave schema changes out of the stream. They are followed in any case.
	DDLSkip bool `json:"ddlSkip"`
	// Begin a fresh run with a CREATE TABLE of each table, as a schema change.
	InitialTableStructure bool `json:"initialTableStructure"`
	// Insist on GTIDs. They are used wherever the server has them.
	GTIDMode bool `json:"isGTIDMode"`
	// The reader's number among the replicas of the server, unique among them; absent, a random one.
	SlaveID uint32 `json:"slaveId"`
	// A transaction with more changes than this may be cut, so that its rows become durable on the way: after a crash the job goes on inside of it. 0: never.
	MaxTransactionRows int64 `json:"maxTransactionRows" min:"0"`
	// Digits of the offset in _lsn.
	OffsetLength int `json:"offsetLength" min:"1"`
	// How long to wait for a connection.
	ConnectTimeOut time.Duration `json:"connectTimeOut" unit:"ms"`
	// One flat row per change, before_x and after_x; a shape of the writer's output.
	PavingData *bool `json:"pavingData"`
	// An update is two rows; a shape of the writer's output.
	Split *bool `json:"split" alias:"splitUpdate"`
}

// Start is where the reader begins.
type Start struct {
	// initial: the rows that are there, then the log. initial-only: these rows alone. latest: the log's end. earliest: the oldest log that the server has. Absent: as the other keys say.
	Mode string `json:"mode" enum:"initial,initial-only,latest,earliest"`
	// Begin with the first transaction committed at this time, in milliseconds since 1970. It goes before journal-name.
	Timestamp int64 `json:"timestamp" min:"0"`
	// Name of the log file to begin in.
	JournalName string `json:"journal-name" alias:"journalName"`
	// Offset in the file of journal-name; it has to be a transaction's begin.
	Position uint32 `json:"position"`
	// Begin after these transactions: uuid:1-100 of MySQL, 0-1-100 of MariaDB.
	GTIDSet *string `json:"gtidSet"`
	// Per table, as database.table: a condition that rows must meet to be copied by initial, without the word WHERE. Changes are read of all rows.
	Where map[string]string `json:"where"`
}

// copies tells that the rows of the tables are copied.
func (s *Start) copies() bool { return s.Mode == modeInitial || s.Mode == modeInitialOnly }

// condition is what rows of a table must meet to be copied; "": nothing.
func (s *Start) condition(name record.Name) string {
	for text, condition := range s.Where {
		if strings.EqualFold(strings.ReplaceAll(text, "`", ""), name.Database+"."+name.Table) {
			return condition
		}
	}
	return ""
}

// Modes of starting.
const (
	modeInitial     = "initial"
	modeInitialOnly = "initial-only"
	modeLatest      = "latest"
	modeEarliest    = "earliest"
	modeGTID        = "gtidSet"
	modeTime        = "timestamp"
	modeFile        = "journal-name"
)

// mode returns what the keys of start come to.
func (s *Start) mode() string {
	switch {
	case s.Mode != "":
		return s.Mode
	case s.GTIDSet != nil:
		return modeGTID
	case s.Timestamp > 0:
		return modeTime
	case s.JournalName != "":
		return modeFile
	}
	return modeLatest
}

func defaults() *Config {
	return &Config{Port: 3306, DDLSkip: true, OffsetLength: 18, OnPositionLost: lostStop, OnEventFailure: failureStop}
}

// AnyCaseKeys implements [config.AnyCaser].
func (*Config) AnyCaseKeys() {}

// NoEffect implements [config.NoEffecter].
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"bufferSize":         "memory is bounded by the job's budget",
		"transactionSize":    "transactions are of any size",
		"period":             "the position is stored with each checkpoint",
		"connectionCharset":  "texts are always read as what they are",
		"detectingEnable":    "the server sends heartbeats",
		"detectingSQL":       "the server sends heartbeats",
		"enableTsdb":         "the history of schema changes is always kept",
		"parallel":           "one goroutine decodes more than a server sends",
		"parallelThreadSize": "one goroutine decodes more than a server sends",
		"queryTimeOut":       "statements of the reader are short",
		"schema":             "table and jdbcUrl say it",
		"database":           "table and jdbcUrl say it",
		"column":             "a change has all columns of its table",
		"timestampFormat":    "times keep their kind; DATE_FORMAT of transformSql writes them",
	}
}

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	var errs []error
	if _, err := c.ops(); err != nil {
		errs = append(errs, config.Field("cat", err))
	}
	s, _, err := c.settings()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if _, err := c.selection(s.Database); err != nil {
		errs = append(errs, err)
	}
	if c.Start.Mode != "" && (c.Start.GTIDSet != nil || c.Start.Timestamp > 0 || c.Start.JournalName != "") {
		errs = append(errs, config.Fieldf("start.mode", "is %q, and other keys of start say otherwise; keep one", c.Start.Mode))
	}
	for text, condition := range c.Start.Where {
		errs = append(errs, config.Field("start.where."+text, sqlkit.CheckCondition(condition)))
		if !c.Start.copies() && c.OnPositionLost != lostSnapshot {
			errs = append(errs, config.Fieldf("start.where."+text, "belongs to start.mode initial or initial-only, or to onPositionLost snapshot"))
		}
	}
	if c.Start.Position > 0 && c.Start.JournalName == "" && c.Start.Timestamp == 0 {
		errs = append(errs, config.Fieldf("start.position", "needs journal-name, the file that it is an offset of"))
	}
	if set := c.Start.GTIDSet; set != nil {
		_, asMySQL := parseSet(flavorMySQL, *set)
		_, asMariaDB := parseSet(flavorMariaDB, *set)
		if asMySQL != nil && asMariaDB != nil {
			errs = append(errs, config.Fieldf("start.gtidSet", "%q is no GTID set of MySQL (uuid:1-100) or MariaDB (0-1-100)", *set))
		}
	}
	return errors.Join(errs...)
}

// ops are the changes that are read.
type ops struct{ insert, update, delete bool }

func (c *Config) ops() (o ops, err error) {
	for word := range strings.SplitSeq(c.Cat, ",") {
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "insert":
			o.insert = true
		case "update":
			o.update = true
		case "delete":
			o.delete = true
		case "":
		default:
			return o, fmt.Errorf("expected insert, update and delete, separated by commas, found %q", word)
		}
	}
	if o == (ops{}) {
		return o, errors.New("names no change: expected insert, update and delete, separated by commas")
	}
	return o, nil
}

// settings says how to dial; unused are the connection parameters without effect.
func (c *Config) settings() (s *mysqlkit.Settings, unused []string, err error) {
	u := &mysqlkit.URL{}
	if len(c.JDBCURL) > 0 && c.JDBCURL[0] != "" {
		if u, err = mysqlkit.ParseURL(c.JDBCURL[0]); err != nil {
			return nil, nil, config.Field("jdbcUrl", err)
		}
	} else if c.Host == "" && len(c.Hosts) == 0 {
		return nil, nil, config.Fieldf("host", "is required where there is no jdbcUrl")
	}
	if s, unused, err = mysqlkit.NewSettings(u, nil); err != nil {
		return nil, nil, config.Field("jdbcUrl", err)
	}
	if c.Host != "" {
		s.Hosts = []string{net.JoinHostPort(strings.Trim(c.Host, "[]"), strconv.Itoa(c.Port))}
	}
	for _, host := range c.Hosts {
		addr := host
		if _, _, err := net.SplitHostPort(host); err != nil {
			addr = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(c.Port))
		}
		s.Hosts = append(s.Hosts, addr)
	}
	if c.Username != "" {
		s.User = c.Username
	}
	if c.Password.IsSet() {
		s.Password = c.Password
	}
	if s.User == "" {
		return nil, nil, config.Fieldf("username", "No username supplied")
	}
	if c.ConnectTimeOut > 0 {
		s.ConnectTimeout = c.ConnectTimeOut
	}
	return s, unused, nil
}
