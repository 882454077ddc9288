package job_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

// FuzzJob checks that no job file and no flag makes the parser panic or hang,
// that what it cannot use is an error of class Config whose faults have a place,
// and that a file without faults, rewritten, is the same job.
func FuzzJob(f *testing.F) {
	f.Add(minimal, "a=1", `{"flink.checkpoint.interval": 1}`, "")
	f.Add(withSetting(`{"speed": {"channel": ${n}}, "errorLimit": {}, "restore": {"isRestore": true, "restoreColumnName": "x"}}`, ""), `{"n": "${n}"}`, "", "flinkx")
	f.Add(withSetting(`{"speed": {"byte": 1048576}, "errorLimit": {"percentage": 0.02}}`, `, "transformer": [{"name": "dx_substr"}]`), "-Da=1 -Db=2", "", "datax")
	f.Add(oldDataX, "-Dday=1 -Dn=2", `{"restart-strategy": "failure-rate"}`, "")
	f.Add(`{job={content:[{reader={name='r';parameter:{where='${bizdate-1d:2006}${now}${env:X}${file:/f}'}},writer=>{name=w;parameter={}}},],}} // x`, "bizdate=20260101", "", "")
	files, err := filepath.Glob(filepath.Join("..", "..", "jobs", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no job under jobs/ (%v)", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "rate=5", "", "")
	}
	f.Fuzz(func(t *testing.T, text, params, confProp, dialect string) {
		o := job.Options{
			Params: params, ConfProp: confProp, Dialect: dialect, Check: true, Zone: time.UTC,
			Env:      func(n string) (string, bool) { return n, true },
			ReadFile: func(path string) ([]byte, error) { return []byte(path), nil },
			Now:      func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		}
		j, err := job.Parse([]byte(text), o)
		if err != nil {
			if errclass.Of(err) != errclass.Config {
				t.Errorf("class %v: %v", errclass.Of(err), err)
			}
			for _, fault := range config.Faults(err) {
				if fault.Msg == "" || fault.Line == 0 && fault.File == "" {
					t.Errorf("a fault without a place or a text: %#v", fault)
				}
			}
		}
		if j == nil {
			return
		}
		_ = j.Masked()
		_ = j.Scrubber()(text)
		if err == nil {
			sameRewritten(t, j, o)
		}
	})
}

// sameRewritten fails unless a job rewritten in one spelling is the same job.
func sameRewritten(t *testing.T, j *job.Job, o job.Options) {
	t.Helper()
	o.Dialect = ""
	text := j.Canonical(true)
	again, err := job.Parse(text, o)
	if err != nil {
		t.Fatalf("rewritten, it is refused: %v\n%s", err, text)
	}
	relational := j.Dialect == job.DataX // whose readers' keys are rewritten too
	if got, want := summary(again, relational), summary(j, relational); got != want {
		t.Fatalf("rewritten, it is another job:\n%s\nwant\n%s\n%s", got, want, text)
	}
}

func summary(j *job.Job, relational bool) string {
	var b strings.Builder
	speed := j.Setting.Speed
	speed.Bytes, speed.Record = max(0, speed.Bytes), max(0, speed.Record)
	rows, percent := j.DirtyLimit()
	fmt.Fprintf(&b, "writers %d bytes %d record %d, limit %d %.9g, %+v %+v %+v\n", speed.Writers(), speed.Bytes, speed.Record, rows, percent, j.Setting.Restore, j.Restart(), j.Setting.Log)
	for _, p := range append(j.Pipelines[:len(j.Pipelines):len(j.Pipelines)], j.Idle...) {
		fmt.Fprintf(&b, "%d %s %s %s %s\n", p.Index, p.Reader.Plugin, p.Writer.Plugin, p.Reader.Table, p.Writer.Table)
		for _, op := range []job.Operator{p.Reader, p.Writer} {
			var v any
			if err := op.Parameter.Decode(&v); err != nil {
				fmt.Fprintln(&b, errors.Unwrap(err))
			}
			if relational && op.Parameter.Node().Member("connection") != nil {
				v = nil
			}
			fmt.Fprintf(&b, "%v\n", v)
		}
	}
	return b.String()
}
