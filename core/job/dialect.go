package job

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Dialect is whose spelling a job file uses where the tools differ.
type Dialect uint8

const (
	FlinkX Dialect = iota // FlinkX and ChunJun
	DataX
)

// String returns the name that -dialect takes.
func (d Dialect) String() string {
	if d == DataX {
		return "datax"
	}
	return "flinkx"
}

// people is the name that texts use.
func (d Dialect) people() string {
	if d == DataX {
		return "DataX"
	}
	return "FlinkX"
}

// trace is something in a file that only one dialect has.
type trace struct {
	rank    int // the least decides
	dialect Dialect
	what    string
}

// dialect finds out whose spelling a file has. What tells most is asked first;
// where one kind of trace contradicts itself, the next is asked. Keys that both
// tools' files have, such as writeMode, tell nothing. A file without a trace is
// FlinkX's.
func (p *parser) dialect(root *config.Node, j *Job) {
	switch given := strings.ToLower(strings.TrimSpace(p.options.Dialect)); given {
	case "":
	case "flinkx", "chunjun":
		j.DialectReason = "as -dialect says"
		return
	case "datax":
		j.Dialect, j.DialectReason = DataX, "as -dialect says"
		return
	default:
		p.add(&config.Error{File: "-dialect", Msg: "expected flinkx or datax, found " + strconv.Quote(given)})
	}
	all := traces(root)
	slices.SortStableFunc(all, func(a, b trace) int { return cmp.Compare(a.rank, b.rank) })
	p.undecided = true
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].rank == all[0].rank {
			n++
		}
		first, other := all[0], func(t trace) bool { return t.dialect != all[0].dialect }
		if !slices.ContainsFunc(all[:n], other) {
			j.Dialect, j.DialectReason = first.dialect, "since "+first.what
			p.undecided = slices.ContainsFunc(all, other)
			return
		}
		all = all[n:]
	}
	j.DialectReason = "since nothing tells it from DataX's; -dialect datax overrides"
}

func traces(root *config.Node) []trace {
	job := root.Member("job")
	setting := job.Member("setting")
	found := append(speedTraces(setting.Member("speed")), settingTraces(setting)...)
	for _, key := range []string{"core", "common", "entry", "setting"} {
		if root.Member(key) != nil {
			found = append(found, trace{5, DataX, key + " stands beside job"})
		}
	}
	for _, c := range job.Member("content").Items() {
		found = append(found, contentTraces(c)...)
	}
	return found
}

func speedTraces(speed *config.Node) []trace {
	var found []trace
	for _, key := range []string{"bytes", "readerChannel", "writerChannel", "rebalance"} {
		if !speed.Member(key).Unset() {
			found = append(found, trace{2, FlinkX, "job.setting.speed has " + key})
		}
	}
	if found == nil { // record is a key of ours beside FlinkX's
		for _, key := range []string{"byte", "record"} {
			if !speed.Member(key).Unset() {
				found = append(found, trace{2, DataX, "job.setting.speed has " + key})
			}
		}
	} else if !speed.Member("byte").Unset() {
		found = append(found, trace{2, DataX, "job.setting.speed has byte"})
	}
	return found
}

func settingTraces(setting *config.Node) []trace {
	var found []trace
	for _, key := range []string{"restore", "restart", "dirty", "log", "metricPluginConf", "metricPluginConfig"} {
		if setting.Member(key) != nil {
			found = append(found, trace{6, FlinkX, "job.setting has " + key})
		}
	}
	return found
}

func contentTraces(c *config.Node) []trace {
	var found []trace
	switch c.Member("transformer").Kind() {
	case config.ListKind:
		found = append(found, trace{3, DataX, "transformer is a list"})
	case config.ObjectKind:
		found = append(found, trace{3, FlinkX, "transformer is an object"})
	}
	for _, key := range []string{"nameMapping", "restoration"} {
		if c.Member(key) != nil {
			found = append(found, trace{3, FlinkX, "content has " + key})
		}
	}
	for _, side := range []string{"reader", "writer"} {
		op := c.Member(side)
		if d, only := onlyIn(op.Member("name").Text()); only {
			found = append(found, trace{1, d, "there is no " + op.Member("name").Text() + " in " + (FlinkX + DataX - d).people()})
		}
		if op.Member("table") != nil {
			found = append(found, trace{3, FlinkX, "the " + side + " has table.tableName"})
		}
		found = append(found, parameterTraces(op.Member("parameter"))...)
	}
	return found
}

// flinkKeys are keys of parameters that no plugin of DataX has.
var flinkKeys = []string{"customSql", "increColumn", "startLocation", "polling", "pollingInterval", "splitStrategy", "useMaxFunc", "flushIntervalMills", "uniqueKey", "updateKey", "permitsPerSecond"}

func parameterTraces(parameter *config.Node) []trace {
	var found []trace
	for _, c := range parameter.Member("connection").Items() {
		if !c.Member("querySql").Unset() {
			found = append(found, trace{4, DataX, "connection has querySql"})
		}
	}
	for _, key := range flinkKeys {
		if !parameter.Member(key).Unset() {
			found = append(found, trace{4, FlinkX, "parameter has " + key})
		}
	}
	switch count := parameter.Member("sliceRecordCount"); {
	case count.Unset():
	case count.Kind() == config.ListKind:
		found = append(found, trace{7, FlinkX, "sliceRecordCount is a list"})
	default:
		found = append(found, trace{7, DataX, "sliceRecordCount is a number"})
	}
	return found
}
