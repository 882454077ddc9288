package job

import (
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Job is a job file, read and checked. It is not changed after [Parse].
type Job struct {
	File       string     // as error texts name it; "" for inline text
	Identity   string     // under which state is kept; see [Identity]
	Dialect    Dialect    // where a key means different things
	Pipelines  []Pipeline // one per element of job.content that runs
	Idle       []Pipeline // the others, with Options.Check
	Setting    Setting
	Properties Properties

	// Why the file is taken for one of Dialect: "since job.setting.speed has byte".
	DialectReason string

	push       *Push
	dirtyTable *DirtyTable
	notes      *config.Notes
	root       *config.Node
	props      *config.Node // -confProp; nil if not given
	scrubber   func() func(text string) string
}

// Notes returns what a person should know about the file. Decoding the
// operators' parameters adds to it, so ask last.
func (j *Job) Notes() []config.Note { return j.notes.All() }

// Size returns how many bytes the file has, its placeholders replaced.
func (j *Job) Size() int { return j.root.Size() }

// LeftOut reports whether a member of the file is no key, or one without effect;
// ask last, as with Notes.
func (j *Job) LeftOut(n *config.Node) bool { return j.notes.LeftOut(n) }

// Pipeline is one reader and one writer. What is empty in the file is nil here.
type Pipeline struct {
	Index          int // in job.content
	Reader, Writer Operator
	Transformer    *config.Node // job.content[i].transformer; nil if not given
	NameMapping    *config.Node // job.content[i].nameMapping; nil if not given
	TableColumns   *config.Node // job.content[i].tableColumns; nil if not given
	Restoration    *config.Node // job.content[i].restoration; nil if not given
}

// Operator is one side of a pipeline.
type Operator struct {
	Name      string          // as written: "mysqlreader"
	Plugin    string          // the connector: "mysql"; see [ReaderPlugin], [WriterPlugin]
	Parameter *config.Decoder // at .parameter; never nil in a job that Parse returned without an error
	Table     string          // .table.tableName: the name that transformSql uses
	Node      *config.Node    // the operator itself, for errors about its name
}

// Setting is job.setting.
type Setting struct {
	// How fast, and with how many channels, the job runs.
	Speed Speed `json:"speed"`
	// How many bad rows are allowed. Absent, none is; {} allows any number.
	ErrorLimit *ErrorLimit `json:"errorLimit"`
	// Where bad rows are kept. Absent, they are counted and logged.
	Dirty *Dirty `json:"dirty"`
	// Whether and how a run goes on where an earlier one ended.
	Restore Restore `json:"restore"`
	// What happens after an error that may pass. Absent, a batch job gives up after 45 seconds of such errors in a
	// row (15 seconds before the first connection) and a stream goes on for ever.
	Restart *Restart `json:"restart"`
	// Where and how much is logged.
	Log Log `json:"log"`
	// What the job's figures are pushed to while it runs; -metrics serves them beside that.
	MetricPlugin *MetricPlugin `json:"metricPluginConf" alias:"metricPluginConfig"`
	// DataX's key for a job that is only checked; refused where it is true, since the rows would be written.
	DryRun bool `json:"dryRun"`
	// Accepted for the sake of old files.
	Test *config.Node `json:"test" ignored:"use the stream reader or writer to test the other side"`
}

// Speed is job.setting.speed.
type Speed struct {
	// How many channels read and write at the same time.
	Channel int `json:"channel" min:"1"`
	// Channels that read, if not as many as channel says; -1 means as many.
	ReaderChannel int `json:"readerChannel" min:"-1"`
	// Channels that write, if not as many as channel says; -1 means as many.
	WriterChannel int `json:"writerChannel" min:"-1"`
	// Bytes per second of the whole job; 0 and less mean no limit.
	Bytes config.Bytes `json:"bytes" alias:"byte"`
	// Rows per second of the whole job; 0 and less mean no limit.
	Record int64 `json:"record"`
	// Spread rows over the writing channels even if there are as many as reading ones.
	Rebalance bool `json:"rebalance"`
}

// Readers returns how many channels read.
func (s Speed) Readers() int { return orElse(s.ReaderChannel, s.Channel) }

// Writers returns how many channels write.
func (s Speed) Writers() int { return orElse(s.WriterChannel, s.Channel) }

func orElse(n, other int) int {
	if n > 0 {
		return n
	}
	return other
}

// ErrorLimit is job.setting.errorLimit.
type ErrorLimit struct {
	// So many bad rows are allowed; one more ends the job. Absent or negative means any number.
	Record *int64 `json:"record"`
	// Bad rows may be this share of the rows read: in percent from 0 to 100, in DataX's files as a ratio from 0 to 1.
	// Absent means any share.
	Percentage *float64 `json:"percentage"`
}

// Dirty is job.setting.dirty.
type Dirty struct {
	// The file, or the folder, that bad rows are appended to as JSON lines. A folder gets one file per job.
	Path string `json:"path"`
	// A table that bad rows are written into.
	JDBC *DirtyTable `json:"jdbc"`
	// Accepted for the sake of old files.
	HadoopConfig *config.Node `json:"hadoopConfig" ignored:"dirty rows go to a local file or folder"`
}

// Restore is job.setting.restore.
type Restore struct {
	// The job never ends.
	IsStream bool `json:"isStream"`
	// A run goes on where an earlier, unfinished one ended.
	IsRestore bool `json:"isRestore"`
	// A column whose values only grow along the table. Splits are read in the order of their key whatever it says.
	RestoreColumnName string `json:"restoreColumnName"`
	// The column's place in the reader's column list, from 0; -1 means that the name says it.
	RestoreColumnIndex int `json:"restoreColumnIndex" min:"-1"`
	// Accepted for the sake of old files.
	RestoreColumnType string `json:"restoreColumnType" ignored:"the type comes from the source"`
	// Accepted for the sake of old files.
	MaxRowNumForCheckpoint int64 `json:"maxRowNumForCheckpoint" ignored:"checkpoints are taken by time"`
}

// Restart is job.setting.restart.
type Restart struct {
	// What is tried: fixedDelay for restartAttempts times, failureRate for as long as fewer than failureRate errors
	// fall into failureInterval, NoRestart for nothing.
	Strategy string `json:"strategy" enum:"fixedDelay,failureRate,NoRestart"`
	// How often fixedDelay tries again.
	RestartAttempts int `json:"restartAttempts" min:"0"`
	// How long to wait before trying again.
	DelayInterval config.Duration `json:"delayInterval" unit:"s" min:"0"`
	// How many errors failureRate allows in failureInterval.
	FailureRate int `json:"failureRate" min:"0"`
	// The time that failureRate counts errors in.
	FailureInterval config.Duration `json:"failureInterval" unit:"s" min:"0"`
}

// SetDefaults fills in what FlinkX uses.
func (r *Restart) SetDefaults() {
	*r = Restart{
		Strategy: "fixedDelay", RestartAttempts: 3, DelayInterval: 10 * time.Second,
		FailureRate: 2, FailureInterval: time.Minute,
	}
}

// Log is job.setting.log.
type Log struct {
	// Write the log to a file under path as well.
	IsLogger bool `json:"isLogger"`
	// The least level that is logged.
	Level string `json:"level" enum:"trace,debug,info,warn,error"`
	// The folder of the log file, with isLogger; else it has no effect: logs go to stderr, see -log-file.
	Path string `json:"path"`
	// Accepted for the sake of old files.
	Pattern string `json:"pattern" ignored:"see -log-format"`
}

// DefaultSetting returns what holds where a file says nothing.
func DefaultSetting() Setting {
	return Setting{
		Speed:   Speed{Channel: 1, ReaderChannel: -1, WriterChannel: -1},
		Restore: Restore{RestoreColumnIndex: -1},
		Log:     Log{}, // level "" leaves it to the command line
	}
}
