package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver of the sqlite command
)

// TestScripts runs testdata/script: the command line as a user types it.
// Besides testscript's own commands there are:
//
//	exits CODE program [argument ...]     run it, expect this exit code
//	start NAME program [argument ...]     run it in the background, output in NAME.out and NAME.err
//	signal NAME TERM|INT|HUP|KILL         send it a signal
//	await NAME CODE                       wait for its end, expect this exit code (-9: killed)
//	waitfor FILE REGEXP                   wait until the file holds a match
//	sqlite FILE SQL                       run statements and print the rows of the last
//	samelines FILE FILE                   the files hold the same lines in any order
//	says TEXT                             start a server that refuses every client of MySQL with a text; its address is $SAYS
//	need mysql|mariadb|postgresql|sqlserver-peer|kafka [...] see servers_test.go
func TestScripts(t *testing.T) {
	jobs, err := filepath.Abs(filepath.Join(moduleRoot, "jobs"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Values[testKey{}] = e.T()
			e.Values[childKey{}] = map[string]*child{}
			e.Values[valuesKey{}] = map[any]any{}
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("JOBS", jobs)
			e.Setenv("DATASYNC_STATE_DIR", filepath.Join(e.WorkDir, "state"))
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", raceOptions)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "waitvalue": waitValue, "start": startChild, "signal": sendSignal, "await": await, "waitfor": waitFor,
			"sqlite": runSQLite, "samelines": sameLines, "need": need, "mysql": runMySQL, "postgresql": runPostgreSQL, "sqlserver": runSQLServer, "network": network, "topic": showTopic, "produce": produce, "says": says,
		},
	})
}

type (
	testKey  struct{} // the script's testing.TB
	childKey struct{} // its background processes by name
)

// patience is how long a script waits for something that has to come.
const patience = time.Minute

type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // once done is closed
}

func arguments(ts *testscript.TestScript, neg bool, args []string, atLeast int, usage string) {
	if neg || len(args) < atLeast {
		ts.Fatalf("usage: %s", usage)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "exits CODE program [argument ...]")
	err := ts.Exec(args[1], args[2:]...)
	if got := exitCode(err); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d (%v), want %s", got, err, args[0])
	}
}

// exitCode is the code a process ended with; minus the signal's number if a
// signal ended it.
func exitCode(err error) int {
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return 0
	case !ok:
		return -1000
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -int(status.Signal())
	}
	return exit.ExitCode()
}

func startChild(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "start NAME program [argument ...]")
	out, err := os.Create(ts.MkAbs(args[0] + ".out"))
	ts.Check(err)
	errs, err := os.Create(ts.MkAbs(args[0] + ".err"))
	ts.Check(err)
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), out, errs
	for _, name := range []string{"HOME", "JOBS", "DATASYNC_STATE_DIR", "TZ", "PATH", "MYSQL_PASSWORD", "PGPASSWORD", "GORACE", "MSSQL_PASSWORD", "HASH_SALT", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = errors.Join(cmd.Wait(), out.Close(), errs.Close())
	}()
	ts.Value(childKey{}).(map[string]*child)[args[0]] = c
	ts.Defer(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-c.done
	})
}

func childOf(ts *testscript.TestScript, name string) *child {
	c := ts.Value(childKey{}).(map[string]*child)[name]
	if c == nil {
		ts.Fatalf("no process called %s was started", name)
	}
	return c
}

func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "signal NAME TERM|INT|HUP|KILL")
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "INT": os.Interrupt, "KILL": os.Kill}
	if signals[args[1]] == nil {
		ts.Fatalf("unknown signal %s", args[1])
	}
	ts.Check(childOf(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "await NAME CODE")
	c := childOf(ts, args[0])
	select {
	case <-c.done:
	case <-time.After(patience):
		ts.Fatalf("%s still runs after %v:\n%s", args[0], patience, ts.ReadFile(args[0]+".err"))
	}
	if got := exitCode(c.err); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s ended with %d, want %s:\n%s", args[0], got, args[1], ts.ReadFile(args[0]+".err"))
	}
}

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "waitfor FILE REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	over := time.After(patience)
	for {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && want.Match(text) {
			return
		}
		select {
		case <-look.C:
		case <-over:
			ts.Fatalf("%s holds no match of %s after %v: %s %v", args[0], args[1], patience, text, err)
		}
	}
}

func runSQLite(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "sqlite FILE SQL")
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query(args[1])
	ts.Check(err)
	defer rows.Close()
	columns, err := rows.Columns()
	ts.Check(err)
	for rows.Next() {
		cells := make([]any, len(columns))
		texts := make([]sql.NullString, len(columns))
		for i := range cells {
			cells[i] = &texts[i]
		}
		ts.Check(rows.Scan(cells...))
		line := make([]string, len(columns))
		for i, text := range texts {
			line[i] = text.String
			if !text.Valid {
				line[i] = "NULL"
			}
		}
		fmt.Fprintln(ts.Stdout(), strings.Join(line, "|"))
	}
	ts.Check(rows.Err())
}

func sameLines(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "samelines FILE FILE")
	var all [2][]string
	for i := range all {
		all[i] = strings.Split(strings.TrimSuffix(ts.ReadFile(args[i]), "\n"), "\n")
		slices.Sort(all[i])
	}
	if slices.Equal(all[0], all[1]) {
		return
	}
	missing, extra := 0, 0
	balance := map[string]int{}
	for _, line := range all[0] {
		balance[line]++
	}
	for _, line := range all[1] {
		balance[line]--
	}
	for _, n := range balance {
		missing += max(n, 0)
		extra += max(-n, 0)
	}
	ts.Fatalf("%s has %d lines, %s %d: %d missing, %d too many", args[0], len(all[0]), args[1], len(all[1]), missing, extra)
}
