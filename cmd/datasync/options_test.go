package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/launcher"
)

func TestUsageErrors(t *testing.T) {
	dir := t.TempDir()
	flink := filepath.Join(dir, "savepoint-1")
	if err := os.MkdirAll(flink, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(flink, "_metadata"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{}, "no job given; name a job file with -job, datasync -help lists all flags"},
		{[]string{"-job", "a.sql", "-jobType", "sql"}, "-jobType sql: SQL files are not run; write the query as job.content[0].transformer.transformSql of a sync job"},
		{[]string{"a", "-jobType", "both"}, "-jobType both: unknown type; expected sync"},
		{[]string{"a", "-resume", "-fresh"}, "-resume and -fresh exclude each other; -resume goes on, -fresh starts over"},
		{[]string{"a", "b", "-jobName", "n"}, "-jobName n: one name for 2 jobs; run them one by one"},
		{[]string{"a", "-report", "xml"}, "-report xml: unknown value; expected text, json, none"},
		{[]string{"a", "-log-level", "loud"}, "-log-level loud: unknown value; expected trace, debug, info, warn, error"},
		{[]string{"a", "-timezone", "Mars/North"}, "-timezone Mars/North: unknown time zone; expected a name such as UTC or Europe/Berlin, or an offset such as +08:00"},
		{[]string{"a", "-s", "hdfs://h/sp"}, "-s hdfs://h/sp: a Flink savepoint cannot be read; run the job from its start, or with -resume from datasync's own state"},
		{[]string{"a", "-s", flink}, "-s " + flink + ": a Flink savepoint cannot be read; run the job from its start, or with -resume from datasync's own state"},
		{[]string{"a", "-s", dir, "-state-dir", "x"}, "-s " + dir + ": -state-dir names another folder; give one of them"},
		{[]string{"preview", "a", "-n", "-1"}, "-n -1: expected 0 or more rows"},
		{[]string{"a", "-n", "x", "preview"}, ""},
		{[]string{"a", "-parallel", "0"}, "-parallel 0: expected 1 or more jobs at the same time"},
		{[]string{"-job", "-", "-"}, "-job -: standard input holds one job, and it is asked for 2 times"},
		{[]string{"chek", "a.json"}, "chek: no such command or job file; did you mean check?"},
		{[]string{"a", "-mode", "yarn-session"}, "-mode yarn-session: " + noClusterMode},
		{[]string{"a", "-mode", "kubernetes-application"}, "-mode kubernetes-application: " + noClusterMode},
		{[]string{"a", "-mode", "moon"}, "-mode moon: unknown mode; expected local, which may be left out"},
		{[]string{"replay", "-job", "a.json"}, "replay: name one file of dirty rows, as in datasync replay orders.jsonl -job orders.json"},
		{[]string{"replay", "a.jsonl"}, "replay: name one job with -job: its writer takes the rows"},
		{[]string{"state", "drop"}, "state drop: expected list, show or rm"},
		{[]string{"state", "rm"}, "state rm: name a job; state list lists them"},
		{[]string{"state", "list", "x"}, "state list: it takes no job; state show x shows one"},
		{[]string{"plugins", "mysqlx"}, "plugins mysqlx: there is no such plugin; did you mean mysql?"},
		{[]string{"schema", "x"}, "schema x: it takes no argument; -o names the file to write"},
		{[]string{"version", "me"}, "version me: it takes no argument"},
		{[]string{"completion", "tcsh"}, "completion tcsh: expected one of bash, zsh, fish"},
		{[]string{"help", "me"}, "help me: no such command; expected run, check, preview, convert, replay, plugins, schema, state, signal, version, completion, help or exit-codes"},
		{[]string{"version", "-job", "a"}, "-job: it is no flag of version; datasync help version lists those"},
		{[]string{"-no-such"}, "-no-such: unknown flag; datasync -help lists all"},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		p := &process{args: tt.args, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, env: os.LookupEnv}
		code := p.run()
		if code != launcher.ExitConfig || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, stdout %q; want code %d and nothing", tt.args, code, stdout.String(), launcher.ExitConfig)
		}
		if got := stderr.String(); tt.want != "" && got != "datasync: "+tt.want+"\n" {
			t.Errorf("%q:\n got %swant datasync: %s", tt.args, got, tt.want)
		} else if strings.Count(got, "\n") != 1 {
			t.Errorf("%q: stderr is no single line: %q", tt.args, got)
		}
	}
}

func TestFlinkFlagsAreNoted(t *testing.T) {
	var stdout, stderr bytes.Buffer
	job := `{"job":{"content":[{"reader":{"name":"streamreader","parameter":{"column":["a"],"sliceRecordCount":[1]}},
		"writer":{"name":"streamwriter","parameter":{}}}]}}`
	args := []string{"check", "-job", job, "-jobid", "x"}
	for _, f := range flinkFlags {
		args = append(args, "-"+f.name, "v")
	}
	p := &process{args: args, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, env: os.LookupEnv}
	if code := p.run(); code != launcher.ExitOK {
		t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
	for _, f := range flinkFlags {
		if n := strings.Count(stdout.String(), "-"+f.name+": has no effect, "+f.why); n != 1 {
			t.Errorf("-%s is noted %d times, want once", f.name, n)
		}
	}
}

func TestZoneOffsets(t *testing.T) {
	for name, want := range map[string]int{"+08:00": 8 * 3600, "GMT+8": 8 * 3600, "UTC-03:30": -(3*3600 + 1800), "-0500": -5 * 3600} {
		z, err := zone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, got := time.Unix(0, 0).In(z).Zone(); got != want {
			t.Errorf("%s: %d seconds, want %d", name, got, want)
		}
	}
}
