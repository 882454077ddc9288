package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

const minimal = `{"job": {"content": [{"reader": {"name": "mysqlreader", "parameter": {}}, "writer": {"name": "kafkasink", "parameter": {}}}]}}`

// withSetting returns a job file with a setting and more members of content[0].
func withSetting(setting, more string) string {
	return `{"job": {"content": [{"reader": {"name": "r", "parameter": {"column": ["id", {"name": "ts"}]}},
"writer": {"name": "w", "parameter": {}}` + more + `}], "setting": ` + setting + `}}`
}

func mustParse(t *testing.T, text string, o job.Options) *job.Job {
	t.Helper()
	j, err := job.Parse([]byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestDefaults(t *testing.T) {
	j := mustParse(t, minimal, job.Options{File: "jobs/a.b.json"})
	if s := j.Setting.Speed; s.Readers() != 1 || s.Writers() != 1 || s.Bytes > 0 || s.Record > 0 || s.Rebalance {
		t.Errorf("speed %+v", s)
	}
	if rows, percent := j.DirtyLimit(); rows != 0 || percent != 0 {
		t.Errorf("without errorLimit %d rows and %v percent are allowed", rows, percent)
	}
	if j.Setting.Dirty != nil || j.Setting.Restart != nil || j.Setting.Restore.IsRestore || j.Setting.Restore.RestoreColumnIndex != -1 {
		t.Errorf("setting %+v", j.Setting)
	}
	p := j.Pipelines[0]
	if p.Reader.Plugin != "mysql" || p.Writer.Plugin != "kafka" || p.Reader.Name != "mysqlreader" {
		t.Errorf("pipeline %+v", p)
	}
	if got := p.Reader.Parameter.Node().Path(); got != "job.content[0].reader.parameter" {
		t.Errorf("path %s", got)
	}
	if j.Identity != "a.b" || j.PipelineIdentity(p) != "a.b-0" || len(j.Notes()) > 0 {
		t.Errorf("identity %s, notes %v", j.Identity, j.Notes())
	}
}

func TestSetting(t *testing.T) {
	j := mustParse(t, withSetting(`{
		"speed": {"channel": "4", "readerChannel": 3, "writerChannel": -1, "bytes": -1048576, "record": "1000", "rebalance": "true"},
		"errorLimit": {"record": 100, "percentage": 0.5}, "dirty": {"path": "/d", "hadoopConfig": {"a": 1}},
		"restore": {"isStream": true, "restoreColumnName": "", "restoreColumnIndex": 0, "maxRowNumForCheckpoint": 0},
		"restart": {"strategy": "fixeddelay", "restartAttempts": 5},
		"log": {"isLogger": false, "level": "DEBUG", "path": "", "pattern": ""},
		"metricPluginConf": {"pluginName": "prometheus"}, "test": {}}`, ""), job.Options{})
	s := j.Setting
	if s.Speed.Readers() != 3 || s.Speed.Writers() != 4 || s.Speed.Bytes != -1048576 || s.Speed.Record != 1000 || !s.Speed.Rebalance {
		t.Errorf("speed %+v", s.Speed)
	}
	if rows, percent := j.DirtyLimit(); rows != 100 || percent != 0.5 {
		t.Errorf("limit %d rows, %v percent", rows, percent)
	}
	if s.Dirty.Path != "/d" || !s.Restore.IsRestore || s.Log.Level != "debug" {
		t.Errorf("setting %+v", s)
	}
	if *s.Restart != (job.Restart{Strategy: "fixedDelay", RestartAttempts: 5, DelayInterval: 10 * time.Second, FailureRate: 2, FailureInterval: time.Minute}) {
		t.Errorf("restart %+v", s.Restart)
	}
}

func TestDirtyLimit(t *testing.T) {
	for _, tt := range []struct {
		name, setting, conf string
		rows                int64
		percent             float64
	}{
		{"absent", `{}`, ``, 0, 0},
		{"empty", `{"errorLimit": {}}`, ``, -1, -1},
		{"rows alone", `{"errorLimit": {"record": 0}}`, ``, 0, -1},
		{"share alone", `{"errorLimit": {"percentage": "2.5"}}`, ``, -1, 2.5},
		{"unset", `{"errorLimit": {"record": "", "percentage": null}}`, ``, -1, -1},
		{"property", `{"errorLimit": {"record": 3}}`, `{"chunjun.dirty-data.max-rows": "7"}`, 7, -1},
		{"older property", `{}`, `{"flinkx.dirty-data.max-rows": "-1"}`, -1, -1},
	} {
		j := mustParse(t, withSetting(tt.setting, ""), job.Options{ConfProp: tt.conf})
		if rows, percent := j.DirtyLimit(); rows != tt.rows || percent != tt.percent {
			t.Errorf("%s: %d rows and %v percent, want %d and %v", tt.name, rows, percent, tt.rows, tt.percent)
		}
	}
}

func TestFaultsAreReportedTogether(t *testing.T) {
	text := `{"job": {"content": [
 {"reader": {"nam": "mysqlreader", "parameter": {"where": "${day}"}},
  "writer": {"name": "kafkawriter"}, "tranformer": {}}],
 "setting": {"speed": {"chanel": 2, "channel": 0}, "errorLimit": {"percentage": 101},
 "log": {"level": "loud"}, "restart": {"delayInterval": "x"}}}}`
	j, err := job.Parse([]byte(text), job.Options{File: "j.json", Params: "a"})
	want := []string{
		`-p: expected name=value pairs with commas between them; where a value holds a comma, use JSON: {"name":"a,b"}`,
		`j.json:2:13: job.content[0].reader.name: is required`,
		`j.json:2:14: job.content[0].reader.nam: unknown key, did you mean "name"?`,
		`j.json:2:60: job.content[0].reader.parameter.where: ${day} has no value, give one with -p "day=..."`,
		`j.json:3:13: job.content[0].writer.parameter: is required`,
		`j.json:3:38: job.content[0].tranformer: unknown key, did you mean "transformer"?`,
		`j.json:4:24: job.setting.speed.chanel: unknown key, did you mean "channel"?`,
		`j.json:4:48: job.setting.speed.channel: expected at least 1, found 0`,
		`j.json:4:81: job.setting.errorLimit.percentage: expected at most 100: it is in percent`,
		`j.json:5:19: job.setting.log.level: expected one of trace, debug, info, warn, error, found "loud"`,
		`j.json:5:57: job.setting.restart.delayInterval: expected a duration (a number of seconds, or a text such as "5s"), found "x"`,
	}
	if err == nil || errclass.Of(err) != errclass.Config {
		t.Fatalf("got %v", err)
	}
	if got := strings.Split(err.Error(), "\n"); !equal(got, want) {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
	if _, err := job.Parse([]byte(text), job.Options{File: "j.json", Params: "day,b=1"}); strings.Contains(err.Error(), "${day}") {
		t.Errorf("a parameter of a list that cannot be read is missed: %v", err)
	}
	if j == nil || j.Pipelines[0].Reader.Parameter == nil || j.Pipelines[0].Writer.Parameter != nil {
		t.Errorf("the job does not hold what could be read: %+v", j)
	}
}

func equal(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }

func TestSkeletonFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no job", `{}`, `1:1: job: is required`},
		{"a list", `[1]`, `1:1: expected an object, found a list`},
		{"no content", `{"job": {}}`, `1:9: job.content: is required`},
		{"content is no list", `{"job": {"content": {}}}`, `1:21: job.content: expected a list with one element that has a reader and a writer, found an object`},
		{"content is empty", `{"job": {"content": []}}`, `1:21: job.content: is empty, expected one element that has a reader and a writer`},
		{"no writer", `{"job": {"content": [{"reader": {"name": "a", "parameter": {}}}]}}`, `1:22: job.content[0].writer: is required`},
		{"parameter is no object", `{"job": {"content": [{"reader": {"name": "a", "parameter": 3}, "writer": {"name": "a", "parameter": {}}}]}}`, `1:60: job.content[0].reader.parameter: expected an object with the reader's keys, found a number`},
		{"broken", `{"job": `, "1:8: the file ends here, expected a value\n    {\"job\": \n           ^"},
		{"bare placeholder", `{"job": ${what}}`, `1:9: job: ${what} has no value, give one with -p "what=..."`},
	} {
		if _, err := job.Parse([]byte(tt.text), job.Options{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestParameters(t *testing.T) {
	text := withSetting(`{"speed": {"channel": ${n}}}`, `, "nameMapping": {"identifierMappings": {"a.b": "${schemaName}.x"}}`)
	for _, params := range []string{`n=3`, ` n = 3 ,`, `{"n": 3}`, `{'n': '3'}`} {
		if j := mustParse(t, text, job.Options{Params: params}); j.Setting.Speed.Channel != 3 || j.Pipelines[0].NameMapping == nil {
			t.Errorf("-p %s: channel %d", params, j.Setting.Speed.Channel)
		}
	}
	j := mustParse(t, minimal, job.Options{Params: "x=a=b"})
	if n := j.Notes(); len(n) != 1 || !n[0].Warning || !strings.Contains(n[0].Error.Error(), "no ${x} in the job file") {
		t.Errorf("notes %v", n)
	}
	list := strings.Replace(minimal, `"parameter": {}`, `"parameter": {"column": ${cols}}`, 1)
	j = mustParse(t, list, job.Options{Params: `{"cols": ["a", "b"]}`})
	if items := j.Pipelines[0].Reader.Parameter.Node().Member("column").Items(); len(items) != 2 {
		t.Errorf("column %v", items)
	}
	if _, err := job.Parse([]byte(minimal), job.Options{Params: `{"a"`}); err == nil || !strings.HasPrefix(err.Error(), "-p:1:5: ") {
		t.Errorf("got %v", err)
	}
}

// The parts of a table's name in topics are the writer's.
func TestTopicPatterns(t *testing.T) {
	for _, key := range []string{"topic", "schemaChangeTopic", "tableIdToTopicMapping"} {
		text := strings.Replace(minimal, `"kafkasink", "parameter": {}`, `"kafkasink", "parameter": {"`+key+`": "p.${schema}.${table}"}`, 1)
		if text == minimal {
			t.Fatal("the minimal job has changed")
		}
		j := mustParse(t, text, job.Options{Params: "schema=s"})
		if got := j.Pipelines[0].Writer.Parameter.Node().Member(key).Text(); got != "p.s.${table}" {
			t.Errorf("%s came as %q", key, got)
		}
	}
}

func TestEnvironment(t *testing.T) {
	text := strings.Replace(minimal, `"parameter": {}`, `"parameter": {"user": "${env:USER_}", "port": "${env:PASS_}"}`, 1)
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"USER_": "me", "PASS_": `hu"sh`}[name]
		return v, ok
	}
	j := mustParse(t, text, job.Options{Env: env})
	var c struct {
		User string `json:"user"`
		Port int    `json:"port"`
	}
	err := j.Pipelines[0].Reader.Parameter.Decode(&c)
	if err == nil || strings.Contains(err.Error(), "hu") || c.User != "me" {
		t.Errorf("got %v and %+v", err, c)
	}
	if masked := string(j.Masked()); strings.Contains(masked, "hu") || strings.Contains(masked, `"me"`) {
		t.Errorf("masked: %s", masked)
	}
	if _, err := job.Parse([]byte(text), job.Options{}); err == nil || !strings.Contains(err.Error(), "environment variable USER_ is not set") {
		t.Errorf("got %v", err)
	}
}

func TestNoEffect(t *testing.T) {
	text := `{"job": {"speed": {}, "writer": {}, "content": [
		{"reader": {"name": "r", "type": 26, "parameter": {"checkFormat": true, "?table": 1, "sourceIds": [1], "host": "h"}},
		 "writer": {"name": "w", "parameter": {"print": true, "host": "h"}}, "transformer": [], "restoration": {}},
		{"reader": 1}]}}`
	j := mustParse(t, text, job.Options{})
	var c struct {
		Host string `json:"host"`
	}
	p := j.Pipelines[0]
	for _, d := range []*config.Decoder{p.Reader.Parameter, p.Writer.Parameter} {
		if err := d.Decode(&c); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, n := range j.Notes() {
		got = append(got, n.Path)
	}
	want := "job.speed job.writer job.content[0].reader.type job.content[1] job.content[0].reader.parameter.checkFormat " +
		`job.content[0].reader.parameter["?table"] job.content[0].reader.parameter.sourceIds job.content[0].writer.parameter.print`
	if strings.Join(got, " ") != want {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(got, " "), want)
	}
	if p.Transformer != nil || p.Restoration != nil {
		t.Error("an empty transformer counts")
	}
	text = strings.Replace(text, `"transformer": []`, `"transformer": {"transformSql": ""}`, 1)
	if mustParse(t, text, job.Options{}).Pipelines[0].Transformer != nil {
		t.Error("an empty statement counts")
	}
}

func TestConfProp(t *testing.T) {
	j := mustParse(t, minimal, job.Options{ConfProp: `{"flink.checkpoint.interval": "60000", "state.backend": "rocksdb", "execution.savepoint.path": "/s",
		"chunjun.dirty-data.output-type": "LOG", "chunjun.dirty-data.log.print-interval": 10, "chunjun.delay_period_mill": 1, "chunjun.dirty-data.max-row": 1}`})
	p := j.Properties
	if p.Checkpoint != time.Minute || p.SavepointPath != "/s" || p.DirtyOutput != "log" || *p.DirtyLogEvery != 10 || p.DirtyRows != nil {
		t.Errorf("properties %+v", p)
	}
	var warned []string
	for _, n := range j.Notes() {
		if n.Warning {
			warned = append(warned, n.Error.Error())
		}
	}
	if len(j.Notes()) != 3 || len(warned) != 1 || !strings.Contains(warned[0], `did you mean "chunjun.dirty-data.max-rows"?`) {
		t.Errorf("notes %v", j.Notes())
	}
	for conf, want := range map[string]string{
		`{"execution.checkpointing.interval": "soon"}`: `-confProp:1:38: execution.checkpointing.interval: expected a duration`,
		`{"chunjun.dirty-data.output-type": "hdfs"}`:   `expected one of default, log, file, jdbc, mysql, found "hdfs"`,
		`[]x`: `-confProp:1:3: expected the end of the file`,
		`[1]`: `-confProp:1:1: expected an object, found a list`,
	} {
		if _, err := job.Parse([]byte(minimal), job.Options{ConfProp: conf}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", conf, err, want)
		}
	}
}

func TestRestoreColumn(t *testing.T) {
	for _, tt := range []struct{ restore, want string }{
		{`{"isRestore": true, "restoreColumnName": "ts", "restoreColumnIndex": 1}`, ""},
		{`{"isRestore": true, "restoreColumnName": "ts"}`, ""},
		{`{"isRestore": true, "restoreColumnIndex": 0}`, ""},
		{`{"isRestore": false, "restoreColumnName": "x"}`, ""},
		{`{"isStream": true, "restoreColumnName": "x"}`, ""},
		{`{"isRestore": true, "restoreColumnName": "its"}`, `job.setting.restore.restoreColumnName: the reader has no column "its", did you mean ts?`},
		{`{"isRestore": true, "restoreColumnName": "ts", "restoreColumnIndex": 0}`, `job.setting.restore.restoreColumnIndex: column "ts" has index 1 in the reader`},
		{`{"isRestore": true, "restoreColumnIndex": 9}`, `job.setting.restore.restoreColumnIndex: the reader has no column 9, there are 2, from 0 on`},
		{`{"isRestore": true, "restoreColumnName": "ts", "restoreColumnIndex": 9}`, `restoreColumnIndex: column "ts" has index 1 in the reader`},
		{`{"isRestore": false, "restoreColumnIndex": 9}`, ""},
	} {
		_, err := job.Parse([]byte(withSetting(`{"restore": `+tt.restore+`}`, "")), job.Options{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %s", tt.restore, err, tt.want)
		}
	}
}

// A number of channels that nothing can be made of is a fault, and costs no memory.
func TestTooManyChannels(t *testing.T) {
	for _, key := range []string{"channel", "readerChannel", "writerChannel"} {
		if _, err := job.Parse([]byte(withSetting(`{"speed": {"`+key+`": 1024}}`, "")), job.Options{}); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		_, err := job.Parse([]byte(withSetting(`{"speed": {"`+key+`": 99999999999}}`, "")), job.Options{})
		if want := "job.setting.speed." + key + ": expected at most 1024 channels, found 99999999999"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"nightly", "a.json", "nightly"},
		{"", "jobs/mysql2kafka.json", "mysql2kafka"},
		{"Flink_Job", "jobs/a", "a"},
		{"Flink Job", ".json", ".json"},
		{"", "-", "inline-2d711642b726b044"},
		{"", "", "inline-2d711642b726b044"},
	} {
		if got := job.Identity(tt.name, tt.file, []byte("x")); got != tt.want {
			t.Errorf("Identity(%q, %q) is %s, want %s", tt.name, tt.file, got, tt.want)
		}
	}
}

func TestPluginNames(t *testing.T) {
	for name, want := range map[string]string{
		"mysqlreader": "mysql", "mysqlsource": "mysql", "mysql": "mysql", "MysqlReader": "mysql", "tidbreader": "mysql",
		"txtfilereader": "file", "reader": "reader", "streamreader": "stream", "mysqlwriter": "mysqlwriter",
	} {
		if got := job.ReaderPlugin(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"kafkawriter": "kafka", "kafkasink": "kafka", "adbpostgresqlsink": "postgresql"} {
		if got := job.WriterPlugin(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestShapeKeys hands what a reader of changes says of the messages' shape to
// the writer, which may say otherwise.
func TestShapeKeys(t *testing.T) {
	for _, c := range []struct{ reader, readerKeys, writer, writerKeys, want string }{
		{"binlogreader", `"PavingData": true, "splitUpdate": false`, "kafkawriter", `"topic":"t"`, `topic="t" pavingData=true splitUpdate=false`},
		{"binlogreader", `"pavingData": true`, "kafkawriter", `"pavingData": false`, `pavingData=false`},
		{"binlogreader", `"pavingData": true`, "streamwriter", `"print": true`, `print=true`},
		{"mysqlreader", `"pavingData": true`, "kafkawriter", `"topic":"t"`, `topic="t"`},
		{"sqlservercdcreader", `"cat": "insert"`, "kafkawriter", `"topic":"t"`, `topic="t" pavingData=false`},
		{"binlogreader", `"pavingData": false`, "filewriter", `"path":"d"`, `path="d" pavingData=false`},
		{"binlogreader", `"splitUpdate": false`, "txtfilewriter", `"path":"d"`, `path="d" splitUpdate=false pavingData=true`},
		{"pgwalreader", `"split": "true"`, "ftpwriter", `"path":"d"`, `path="d" split="true"`},
		{"sqlservercdcreader", `"cat": "insert"`, "filewriter", `"path":"d"`, `path="d" pavingData=false`},
		{"kafkareader", `"format": "canal-json"`, "filewriter", `"path":"d"`, `path="d" pavingData=true`},
		{"kafkareader", `"deserialization": "maxwell-json", "split": true`, "filewriter", `"path":"d"`, `path="d" split=true`},
		{"kafkareader", `"codec": "json", "pavingData": true`, "filewriter", `"path":"d"`, `path="d"`},
		{"mysqlreader", `"pavingData": true`, "filewriter", `"path":"d"`, `path="d"`},
		{"pgwalreader", `"split": "true"`, "kafkawriter", ``, `split="true"`},
	} {
		text := `{"job":{"content":[{"reader":{"name":"` + c.reader + `","parameter":{` + c.readerKeys + `}},"writer":{"name":"` + c.writer + `","parameter":{` + c.writerKeys + `}}}]}}`
		j, err := job.Parse([]byte(text), job.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range j.Pipelines[0].Writer.Parameter.Node().Members() {
			got = append(got, m.Name+"="+m.Node.Raw())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s with %s, %s with %s: the writer has %v, want %s", c.reader, c.readerKeys, c.writer, c.writerKeys, got, c.want)
		}
	}
}
