package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
)

// skeleton is a job file of its parts: names, setting, what stands in content[0]
// and beside job.
func skeleton(reader, writer, readerParameter, setting, content, beside string) string {
	return fmt.Sprintf(`{"job": {"setting": %s, "content": [{"reader": {"name": %q, "parameter": %s}, "writer": {"name": %q, "parameter": {}}%s}]}%s}`,
		setting, reader, readerParameter, writer, content, beside)
}

func TestDialect(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", skeleton("mysqlreader", "streamwriter", `{}`, `{"speed": {"channel": 1}}`, "", ""), "flinkx, since nothing tells it from DataX's; -dialect datax overrides"},
		{"a key of both", skeleton("mysqlreader", "mysqlwriter", `{"writeMode": "insert"}`, `{}`, "", ""), "flinkx, since nothing tells it from DataX's; -dialect datax overrides"},
		{"DataX's name", skeleton("mysqlreader", "txtfilewriter", `{}`, `{}`, "", ""), "datax, since there is no txtfilewriter in FlinkX"},
		{"FlinkX's name", skeleton("binlogreader", "streamwriter", `{}`, `{"speed": {"byte": 1}}`, "", ""), "flinkx, since there is no binlogreader in DataX"},
		{"FlinkX's suffix", skeleton("mysqlsource", "streamwriter", `{}`, `{}`, "", ""), "flinkx, since there is no mysqlsource in DataX"},
		{"a name of nobody", skeleton("mysqreader", "streamwriter", `{}`, `{}`, "", ""), "flinkx, since nothing tells it from DataX's; -dialect datax overrides"},
		{"names of both sides", skeleton("kafkareader", "txtfilewriter", `{}`, `{"speed": {"byte": 1}}`, "", ""), "datax, since job.setting.speed has byte"},
		{"byte", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"byte": 1048576}}`, "", ""), "datax, since job.setting.speed has byte"},
		{"record", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"record": 100}}`, "", ""), "datax, since job.setting.speed has record"},
		{"bytes", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"bytes": 0}}`, "", ""), "flinkx, since job.setting.speed has bytes"},
		{"bytes and record", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"bytes": 0, "record": 1}}`, "", ""), "flinkx, since job.setting.speed has bytes"},
		{"channels", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"readerChannel": 2}}`, "", ""), "flinkx, since job.setting.speed has readerChannel"},
		{"transformers", skeleton("mysqlreader", "mysqlwriter", `{}`, `{}`, `, "transformer": [{"name": "dx_substr"}]`, ""), "datax, since transformer is a list"},
		{"SQL", skeleton("mysqlreader", "mysqlwriter", `{}`, `{}`, `, "transformer": {"transformSql": "select 1"}`, ""), "flinkx, since transformer is an object"},
		{"querySql", skeleton("mysqlreader", "mysqlwriter", `{"connection": [{"querySql": ["select 1"]}]}`, `{}`, "", ""), "datax, since connection has querySql"},
		{"customSql", skeleton("mysqlreader", "mysqlwriter", `{"customSql": "select 1"}`, `{}`, "", ""), "flinkx, since parameter has customSql"},
		{"core", skeleton("mysqlreader", "mysqlwriter", `{}`, `{}`, "", `, "core": {}`), "datax, since core stands beside job"},
		{"restore", skeleton("mysqlreader", "mysqlwriter", `{}`, `{"restore": {}}`, "", ""), "flinkx, since job.setting has restore"},
		{"a count", skeleton("streamreader", "streamwriter", `{"sliceRecordCount": 10}`, `{}`, "", ""), "datax, since sliceRecordCount is a number"},
		{"a list of counts", skeleton("streamreader", "streamwriter", `{"sliceRecordCount": ["10"]}`, `{}`, "", ""), "flinkx, since sliceRecordCount is a list"},
	} {
		j := mustParse(t, tt.text, job.Options{})
		if got := j.Dialect.String() + ", " + j.DialectReason; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for flag, want := range map[string]string{"DataX": "datax", "flinkx": "flinkx", "chunjun": "flinkx"} {
		j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": {"record": 100, "bytes": 1}}`, "", ""), job.Options{Dialect: flag})
		if j.Dialect.String() != want || j.DialectReason != "as -dialect says" {
			t.Errorf("-dialect %s: %s, %s", flag, j.Dialect, j.DialectReason)
		}
	}
	if _, err := job.Parse([]byte(minimal), job.Options{Dialect: "sqoop"}); err == nil || err.Error() != `-dialect: expected flinkx or datax, found "sqoop"` {
		t.Errorf("got %v", err)
	}
}

func TestShareOfBadRows(t *testing.T) {
	for _, tt := range []struct {
		name, limit, speed, dialect string
		rows                        int64
		percent                     float64
		note                        string
	}{
		{"undecided and small", `{"percentage": 0.02}`, `{}`, "", -1, 0.02, "0.02 is taken for percent, as in FlinkX; if it is DataX's ratio, run with -dialect datax"},
		{"undecided and one", `{"percentage": 1}`, `{}`, "", -1, 1, "1 is taken for percent"},
		{"undecided and none", `{"percentage": 0}`, `{}`, "", -1, 0, ""},
		{"undecided and large", `{"percentage": 2}`, `{}`, "", -1, 2, ""},
		{"FlinkX", `{"percentage": 0.02}`, `{"bytes": 1}`, "", -1, 0.02, ""},
		{"said to be FlinkX", `{"percentage": 0.02}`, `{}`, "flinkx", -1, 0.02, ""},
		{"DataX", `{"percentage": 0.02}`, `{"byte": 1}`, "", -1, 2, ""},
		{"DataX and rows", `{"record": 10, "percentage": 0.02}`, `{"byte": 1}`, "", 10, -1, "has no effect: record decides where both are given, as in DataX"},
		{"contested", `{"percentage": 0.02}`, `{"bytes": 1, "record": 1}`, "", -1, 0.02, ""},
	} {
		j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": `+tt.speed+`, "errorLimit": `+tt.limit+`}`, "", ""), job.Options{Dialect: tt.dialect})
		if rows, percent := j.DirtyLimit(); rows != tt.rows || percent != tt.percent {
			t.Errorf("%s: %d rows, %v percent, want %d and %v", tt.name, rows, percent, tt.rows, tt.percent)
		}
		note := ""
		for _, n := range j.Notes() {
			note += n.Msg
		}
		if tt.note == "" && note != "" || !strings.HasPrefix(note, tt.note) {
			t.Errorf("%s: %q, want %q", tt.name, note, tt.note)
		}
	}
	for _, tt := range []struct{ limit, dialect, want string }{
		{`{"percentage": 2}`, "datax", "expected at most 1: it is a ratio in DataX's files, and this one is taken for DataX's, as -dialect says; -dialect flinkx takes it for percent"},
		{`{"percentage": 101}`, "flinkx", "expected at most 100: it is in percent"},
	} {
		_, err := job.Parse([]byte(skeleton("a", "b", `{}`, `{"errorLimit": `+tt.limit+`}`, "", "")), job.Options{Dialect: tt.dialect})
		if err == nil || !strings.HasSuffix(err.Error(), "job.setting.errorLimit.percentage: "+tt.want) {
			t.Errorf("%s: got %v", tt.dialect, err)
		}
	}
}

func TestSpeedOfDataX(t *testing.T) {
	for _, tt := range []struct {
		name, speed, core string
		channels          int
		bytes, record     int64
	}{
		{"without core", `{"byte": 100}`, `{}`, 1, 100, 0},
		{"channels too", `{"byte": 100, "channel": 3}`, `{}`, 3, 100, 0},
		{"bytes of a channel", `{"channel": 3}`, `{"byte": 100}`, 3, 300, 0},
		{"rows of a channel", `{"channel": 3}`, `{"record": 10, "byte": -1}`, 3, 0, 30},
		{"of both", `{"byte": 1000, "channel": 3}`, `{"byte": 100}`, 10, 1000, 0},
		{"the least counts", `{"byte": 1000, "record": 40}`, `{"byte": 100, "record": "10"}`, 4, 1000, 40},
		{"less than one channel", `{"byte": 10}`, `{"byte": 100}`, 1, 10, 0},
		{"too much", `{"byte": 9000000000000000000, "channel": 2}`, `{"byte": 1}`, 1024, 9000000000000000000, 0},
		{"no limit after all", `{"channel": 2}`, `{"record": 9000000000000000000}`, 2, 0, 0},
	} {
		core := `, "core": {"transport": {"channel": {"speed": ` + tt.core + `}}}`
		j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", `{}`, `{"speed": `+tt.speed+`}`, "", core), job.Options{Dialect: "datax"})
		if s := j.Setting.Speed; s.Readers() != tt.channels || s.Writers() != tt.channels || max(0, int64(s.Bytes)) != tt.bytes || max(0, s.Record) != tt.record {
			t.Errorf("%s: %+v", tt.name, s)
		}
	}
}

// TestNoErrorLimit warns where DataX would let any number of bad rows pass.
func TestNoErrorLimit(t *testing.T) {
	for setting, warned := range map[string]bool{`{}`: true, `{"errorLimit": {}}`: false, `{"errorLimit": {"record": 0}}`: false} {
		for _, dialect := range []string{"datax", "flinkx"} {
			j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", `{}`, setting, "", ""), job.Options{Dialect: dialect})
			notes := j.Notes()
			if got := len(notes) == 1 && notes[0].Warning && strings.Contains(notes[0].Msg, "where DataX lets any number pass"); got != (warned && dialect == "datax") {
				t.Errorf("%s, %s: %+v", dialect, setting, notes)
			}
			if rows, _ := j.DirtyLimit(); warned && rows != 0 {
				t.Errorf("%s, %s: %d rows are allowed", dialect, setting, rows)
			}
		}
	}
}

func TestWhatStandsBesideJob(t *testing.T) {
	beside := `, "core": {"container": {"job": {"reportInterval": 10000}}, "transport": {"exchanger": {}, "channel": {"class": "c", "speed": {"byte": 10, "channel": 3}}}},
		"common": {"column": {}}, "entry": {"jvm": "-Xms1G"}, "setting": {"speed": {"channel": 9}}`
	paths := func(dialect string) string {
		j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", `{}`, `{"keyVersion": "1", "errorLimit": {}}`, "", beside), job.Options{Dialect: dialect})
		var all []string
		for _, n := range j.Notes() {
			if !strings.HasPrefix(n.Msg, "has no effect: ") {
				t.Errorf("%s", n.Error.Error())
			}
			all = append(all, n.Path)
		}
		if j.Setting.Speed.Channel != 1 {
			t.Errorf("channel %d", j.Setting.Speed.Channel)
		}
		return strings.Join(all, " ")
	}
	const both = "common entry setting job.setting.keyVersion core.container core.transport.exchanger core.transport.channel.class "
	if got, want := paths("datax"), both+"core.transport.channel.speed.channel"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := paths("flinkx"), both+"core.transport.channel.speed"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDryRunIsRefused(t *testing.T) {
	_, err := job.Parse([]byte(skeleton("a", "b", `{}`, `{"dryRun": true}`, "", "")), job.Options{})
	if err == nil || !strings.HasSuffix(err.Error(), "job.setting.dryRun: a dry run is made with: datasync check -probe") {
		t.Errorf("got %v", err)
	}
	mustParse(t, skeleton("a", "b", `{}`, `{"dryRun": "false"}`, "", ""), job.Options{})
}

func TestContents(t *testing.T) {
	one := `{"reader": {"name": "r", "parameter": {}}, "writer": {"name": "w", "parameter": {}}}`
	text := `{"job": {"content": [` + one + `, {"reader": {"name": "s", "parameter": {}}}, ` + one + `]}}`
	j := mustParse(t, text, job.Options{File: "c.json"})
	if len(j.Pipelines) != 1 || len(j.Idle) != 0 {
		t.Errorf("%d run, %d idle", len(j.Pipelines), len(j.Idle))
	}
	want := "c.json:1:108: job.content[1]: only content[0] runs, as in FlinkX and DataX; the other 2 are left out; -all-contents runs all"
	if n := j.Notes(); len(n) != 1 || !n[0].Warning || n[0].Error.Error() != want {
		t.Errorf("notes %v", n)
	}
	j, err := job.Parse([]byte(text), job.Options{Check: true})
	if err == nil || err.Error() != "1:108: job.content[1].writer: is required" || len(j.Pipelines) != 1 || len(j.Idle) != 2 {
		t.Errorf("got %v; %d run, %d idle", err, len(j.Pipelines), len(j.Idle))
	}
	j, err = job.Parse([]byte(text), job.Options{AllContents: true})
	if err == nil || len(j.Pipelines) != 3 || len(j.Idle)+len(j.Notes()) != 0 || j.Pipelines[2].Index != 2 || j.PipelineIdentity(j.Pipelines[2]) != j.Identity+"-2" {
		t.Errorf("got %v; %+v", err, j.Pipelines)
	}
}

func TestLogPathMeansNothingWithoutALogger(t *testing.T) {
	j := mustParse(t, skeleton("a", "b", `{}`, `{"log": {"isLogger": false, "path": "/tmp/x"}}`, "", ""), job.Options{})
	if n := j.Notes(); len(n) != 1 || n[0].Path != "job.setting.log.path" || n[0].Msg != "has no effect: logs go to stderr; use -log-file" {
		t.Errorf("notes %v", n)
	}
	j = mustParse(t, skeleton("a", "b", `{}`, `{"log": {"isLogger": true, "path": "/tmp/x"}}`, "", ""), job.Options{})
	if n := j.Notes(); len(n) != 0 {
		t.Errorf("notes %v", n)
	}
}

func TestRestart(t *testing.T) {
	for conf, want := range map[string]string{
		``:                             `&{fixedDelay 4 10s 2 1m0s}`,
		`{"restart-strategy": "none"}`: `&{NoRestart 3 10s 2 1m0s}`,
		`{"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": 7}`:                 `&{fixedDelay 7 1s 2 1m0s}`,
		`{"restart-strategy": "failurerate", "restart-strategy.failurerate.delay": "5 s"}`:                     `&{failureRate 3 5s 1 1m0s}`,
		`{"restart-strategy": "failure-rate", "restart-strategy.failure-rate.failure-rate-interval": "5 min"}`: `&{failureRate 3 1s 1 5m0s}`,
		`{"restart-strategy": "exponential-delay"}`:                                                            `&{exponentialDelay 3 10s 2 1m0s}`,
		`{"restart-strategy.fixed-delay.attempts": 7}`:                                                         `&{fixedDelay 4 10s 2 1m0s}`,
	} {
		j := mustParse(t, skeleton("a", "b", `{}`, `{"restart": {"strategy": "fixedDelay", "restartAttempts": 4}}`, "", ""), job.Options{ConfProp: conf})
		if got := fmt.Sprint(j.Restart()); got != want {
			t.Errorf("%s: %s, want %s", conf, got, want)
		}
	}
	if j := mustParse(t, minimal, job.Options{}); j.Restart() != nil {
		t.Errorf("nothing given: %+v", j.Restart())
	}
}

func TestCheckpointIntervalOfBothGenerations(t *testing.T) {
	j := mustParse(t, minimal, job.Options{ConfProp: `{"flink.checkpoint.interval": "5000", "execution.checkpointing.interval": "5000"}`})
	if j.Properties.Checkpoint.Seconds() != 5 {
		t.Errorf("interval %v", j.Properties.Checkpoint)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"oraclereader": "FlinkX and DataX", "doriswriter": "FlinkX and DataX", "OssReader": "DataX", "hudisink": "FlinkX", "mysqreader": "",
	} {
		if got := job.Origin(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
