package job_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
)

// FuzzRewritten checks that a file without faults, rewritten, is the same job.
// What FuzzJob's search has left behind is run too.
func FuzzRewritten(f *testing.F) {
	seeds(f)
	for _, one := range awkward() {
		f.Add(one.text, one.params, "", one.dialect)
	}
	found, err := filepath.Glob(filepath.Join("testdata", "fuzz", "FuzzJob", "*"))
	if err != nil || len(found) == 0 {
		f.Fatalf("no corpus of FuzzJob (%v)", err)
	}
	for _, file := range found {
		args := corpus(f, file)
		f.Add(args[0], args[1], args[2], args[3])
	}
	f.Fuzz(func(t *testing.T, text, params, confProp, dialect string) {
		o := searched(params, confProp, dialect)
		if j, err := job.Parse([]byte(text), o); err == nil {
			sameRewritten(t, j, o)
		}
	})
}

type awkwardJob struct{ text, params, dialect string }

// awkward are jobs in which something may be lost or doubled by rewriting them.
func awkward() []awkwardJob {
	job := func(setting, parameter, beside string) string {
		return `{"job": {"content": [{"reader": {"name": "streamreader", "parameter": ` + parameter + `}, "writer": {"name": "streamwriter", "parameter": {}}` + beside + `}], "setting": ` + setting + `}}`
	}
	core := func(setting string) string {
		return strings.Replace(job(setting, `{}`, ""), `{"job"`, `{"core": {"transport": {"channel": {"speed": {"byte": 100}}}}, "job"`, 1)
	}
	named := func(name, setting string) string {
		return strings.Replace(job(setting, `{}`, ""), `"streamreader"`, name, 1)
	}
	return []awkwardJob{
		{text: named(`"\nbinlogreader"`, `{}`)},
		{text: named(`"otsreader"`, `{"speed": {"byte": 3}, "errorLimit": {"percentage": 0.5}}`)},
		{text: job(`{"speed": null}`, `{}`, "")},
		{text: job(`{"speed": {"byte": 10, "bytes": ""}}`, `{}`, "")},
		{text: job(`{"speed": {"byte": 10, "bytes": 10}}`, `{}`, `, "transformer": [{"name": "x"}]`), dialect: "flinkx"},
		{text: job(`{"speed": {"bytes": null, "record": 5}, "errorLimit": {"percentage": 1}}`, `{}`, ""), dialect: "flinkx"},
		{text: core(`{"speed": {"channel": 2, "writerChannel": 3}}`), dialect: "datax"},
		{text: job(`{"speed": {"channel": 2, "readerChannel": -1}}`, `{"splitPk": "a", "splitStrategy": "", "connection": [{"table": ["t"]}]}`, ""), dialect: "datax"},
		{text: job(`{"speed": {"channel": 2, "readerChannel": ""}}`, `{"connection": [{"table": ["t"]}]}`, ""), dialect: "datax"},
		{text: job(`{"errorLimit": {"percentage": " 1e-3 "}, "speed": {"byte": -1}}`, `{}`, ""), dialect: "datax"},
		{text: job(`{}`, `{"a": "\u0024{now}", "b": ["\u0024{now} ${now}"], "\u0024{c}": 1}`, "")},
		{text: job(`{}`, `{"a": "x${p}", "b": ["${p}", "\u0024{p}$${p}"]}`, ""), params: `{"p": "${q}"}`},
		{text: job(`{}`, `{"a": ${q}abc"}`, ""), params: `{"q": "\""}`},
		{text: job(`{}`, `{"a": a${q}d}`, ""), params: `{"q": "c, \"d\": e"}`},
		{text: job(`{}`, `{"a": "${file:\/x} \n", "b": '${file:a"b}\n', "c": 'it\'s ${now}', "d": x${now}y}`, "")},
		{text: job(`{}`, `{${m}}`, ""), params: `{"m": "\"a\": 1, b: '\\u0024{x}'"}`},
		{text: `${j}`, params: `{"j": "{job: {content: [{reader: {name: r, parameter: {}}, writer: {name: w, parameter: {}}}]}}"}`},
		{text: job(`{}`, "{\"a\\u2028\": \"\u2028\\ud800\\u0000\", \"b\": 1 // \u2028 c\n}", "")},
		{text: job(`{}`, `{a=NULL; b=TRUE, c=-; d=1x, e: Infinity, f: 1E400, g: -0, h: 123456789012345678901234567890}`, "")},
		{text: job(`{}`, strings.Repeat(`{"a": [`, 2000)+"1"+strings.Repeat("]}", 2000), "")},
	}
}

// corpus reads the four texts of a file that a search has left behind, in the
// encoding of internal/fuzz.
func corpus(f *testing.F, file string) [4]string {
	data, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	var args [4]string
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 1+len(args) {
		f.Fatalf("%s: %d lines", file, len(lines))
	}
	for i := range args {
		literal := strings.TrimSuffix(strings.TrimPrefix(lines[1+i], "string("), ")")
		if args[i], err = strconv.Unquote(literal); err != nil {
			f.Fatalf("%s: %q: %v", file, literal, err)
		}
	}
	return args
}

// sameRewritten fails unless a job rewritten in one spelling is the same job.
func sameRewritten(t *testing.T, j *job.Job, o job.Options) {
	t.Helper()
	o.Dialect = ""
	for _, p := range append(j.Pipelines[:len(j.Pipelines):len(j.Pipelines)], j.Idle...) {
		if job.Origin(p.Reader.Name) == "DataX" || job.Origin(p.Writer.Name) == "DataX" {
			o.Dialect = "flinkx" // the name of a plugin that we have not, which tells more than all else
		}
	}
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
