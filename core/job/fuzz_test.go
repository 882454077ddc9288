package job_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

// FuzzJob checks that no job file and no flag makes the parser panic or hang,
// and that what it cannot use is an error of class Config whose faults have a place.
func FuzzJob(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text, params, confProp, dialect string) {
		j, err := job.Parse([]byte(text), searched(params, confProp, dialect))
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
	})
}

// searched are options under which nothing outside of them is looked at.
func searched(params, confProp, dialect string) job.Options {
	return job.Options{
		Params: params, ConfProp: confProp, Dialect: dialect, Check: true, Zone: time.UTC,
		Env:      func(n string) (string, bool) { return n, true },
		ReadFile: func(path string) ([]byte, error) { return []byte(path), nil },
		Now:      func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
}

// seeds are what a search begins with: job files, -p, -confProp and -dialect.
func seeds(f *testing.F) {
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
}
