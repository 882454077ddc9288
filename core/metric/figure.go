package metric

// Figure is a name that Prometheus is shown, for the reference page.
type Figure struct {
	Name   string
	Type   string   // gauge or counter
	Labels []string // beside job
	Help   string
}

// prefix is that of all of datasync's own names.
const prefix = "datasync_"

const (
	gauge   = "gauge"
	counter = "counter"
)

// Names of figures that are no accumulator.
const (
	timeShare     = "timeShare"
	stageSeconds  = "stageSeconds"
	channelRead   = "channel_numRead"
	channelWrite  = "channel_numWrite"
	channelErrors = "channel_nErrors"
	tableRead     = "table_numRead"
	tableWrite    = "table_numWrite"
	tableErrors   = "table_nErrors"
	startLocation = "startLocation"
	endLocation   = "endLocation"
	splits        = "splits"
	splitsDone    = "splitsDone"
	sinkFailures  = "dirtySinkFailures"
	stateFigure   = "state"
	info          = "info"
	startTime     = "startTimestampSeconds"
	savedTime     = "checkpointTimestampSeconds"
	sourceTime    = "positionTimestampSeconds"
)

// figures are what every job shows, in the order of the reference page.
var figures = []Figure{
	{"numRead", gauge, nil, "Rows read."},
	{"byteRead", gauge, nil, "Bytes read."},
	{"readDuration", gauge, nil, "Milliseconds spent reading, over all channels."},
	{"numWrite", gauge, nil, "Rows written."},
	{"byteWrite", gauge, nil, "Bytes written."},
	{"writeDuration", gauge, nil, "Milliseconds spent writing, over all channels."},
	{"nErrors", gauge, nil, "Dirty rows."},
	{"nullErrors", gauge, nil, "Dirty rows: a value is missing."},
	{"duplicateErrors", gauge, nil, "Dirty rows: the key is taken."},
	{"conversionErrors", gauge, nil, "Dirty rows: a value does not fit its column."},
	{"otherErrors", gauge, nil, "Dirty rows: anything else."},
	{"numFiltered", gauge, nil, "Rows left out by the job."},
	{"snapshotWrite", gauge, nil, "Rows written as of the last checkpoint."},
	{"numReadPerSecond", gauge, nil, "Rows read per second, over 20 s."},
	{"byteReadPerSecond", gauge, nil, "Bytes read per second, over 20 s."},
	{"numWritePerSecond", gauge, nil, "Rows written per second, over 20 s."},
	{"byteWritePerSecond", gauge, nil, "Bytes written per second, over 20 s."},
	{startLocation, gauge, nil, "Where an incremental job of one table has begun, if that is a number."},
	{endLocation, gauge, nil, "How far an incremental job of one table is, if that is a number."},
	{timeShare, gauge, []string{"stage"}, "Share of the channels' time that went into a stage (read, limit, transform, write), from 0 to 1."},
	{stageSeconds, counter, []string{"channel", "stage"}, "Seconds that a channel spent in a stage, in this process."},
	{channelRead, gauge, []string{"channel"}, "Rows that a channel has read, in this process. What is read again after an error is taken from the first channel of those that begin again."},
	{channelWrite, gauge, []string{"channel"}, "Rows that a channel has written, in this process."},
	{channelErrors, gauge, []string{"channel"}, "Rows that were dirty in a channel, in this process."},
	{tableRead, gauge, []string{"table"}, "Rows read of a table."},
	{tableWrite, gauge, []string{"table"}, "Rows of a table that are durable at the destination."},
	{tableErrors, gauge, []string{"table"}, "Dirty rows of a table."},
	{splits, gauge, nil, "Splits of the plan."},
	{splitsDone, gauge, nil, "Splits that have ended durably."},
	{sinkFailures, gauge, nil, "Dirty rows that could not be kept, in this process."},
	{stateFigure, gauge, []string{"state"}, "1 for the state that the job is in: starting, running, failing (an error is being tried again), ended or failed."},
	{info, gauge, []string{"reader", "writer"}, "1, with the names of the job's two ends."},
	{startTime, gauge, nil, "When the job began, in seconds since 1970."},
	{savedTime, gauge, nil, "When the last checkpoint was stored, in seconds since 1970."},
	{sourceTime, gauge, nil, "How far the job durably is in its source's time, in seconds since 1970, where the reader says so: time() - this is how far it is behind."},
}

// Gauges that plugins publish under env.Gauge, with their meaning. A plugin
// that publishes another name adds it here: a test compares.
var pluginFigures = []Figure{
	{"lagSeconds", gauge, []string{"plugin"}, "How far the reader of changes is behind its source, in seconds; 0 when it has read everything."},
	{"lagBytes", gauge, []string{"plugin"}, "How much of the source's log is still to be read, in bytes."},
	{"captureLagSeconds", gauge, []string{"plugin"}, "SQL Server: how old the newest change is that its capture job has made readable, in seconds."},
	{"oldestFile", gauge, []string{"plugin"}, "MySQL: the number of the oldest log file that the server still has."},
	{"oldestLsn", gauge, []string{"plugin"}, "PostgreSQL: the place in its log, in bytes, from which the server keeps it for the job's replication slot."},
	{"purgeSeconds", gauge, []string{"plugin"}, "About how long the source still keeps what comes after the job's position, in seconds."},
	{"resnapshotRows", gauge, []string{"plugin"}, "Rows that were copied beside the log since the job was started: of tables that a signal asked for, or that came to the list."},
	{"lagMessages", gauge, []string{"plugin", "topic", "partition"}, "Kafka: messages of a partition that are still to be read."},
	{"retainedMessages", gauge, []string{"plugin", "topic", "partition"}, "Kafka: messages before the job's position that the partition still has."},
}

// FlinkX's names: the accumulators and rates, after either of the prefixes
// under which its versions were scraped through a Pushgateway.
var flinkPrefixes = []string{"flink_taskmanager_job_task_operator_flinkx_", chunjunPrefix}

// chunjunPrefix is the one that has these two, of dirty rows, besides.
const (
	chunjunPrefix = "flink_taskmanager_job_task_operator_chunjun_"
	dirtyCount    = "DirtyData_count"
	dirtyFailed   = "DirtyData_collectFailedCount"
)

// flinkSpelling are names that are spelled otherwise after the prefix.
var flinkSpelling = map[string]string{startLocation: "startlocation", endLocation: "endlocation"}

// flinkLabels are those of FlinkX's that mean something here.
var flinkLabels = []string{"job_id", "job_name", "host", "subtask_index"}

// Figures returns what every job shows, under full names.
func Figures() []Figure { return named(figures) }

// PluginFigures returns what plugins add, where they have it to tell.
func PluginFigures() []Figure { return named(pluginFigures) }

func named(figures []Figure) []Figure {
	all := make([]Figure, len(figures))
	for i, f := range figures {
		f.Name = prefix + f.Name
		all[i] = f
	}
	return all
}

// FlinkDirty returns ChunJun's names of the number of dirty rows, and of those
// that could not be kept.
func FlinkDirty() (count, failed string) {
	return chunjunPrefix + dirtyCount, chunjunPrefix + dirtyFailed
}

// FlinkPrefixes returns the prefixes under which accumulators and rates are
// shown once more, with FlinkX's labels.
func FlinkPrefixes() (prefixes, labels []string) { return flinkPrefixes, flinkLabels }
