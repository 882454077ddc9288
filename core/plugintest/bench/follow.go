package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// follow measures a child of this program that follows a log up to a number of
// rows. Its profile, if one is wanted, is the last run's.
func (l *lab) follow(ctx context.Context, name string, rows int, args ...string) (s sample, err error) {
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	args = append([]string{logRole, "-rows", strconv.Itoa(rows), "-state", filepath.Join(l.work, "log")}, args...)
	if l.profile != "" {
		if err := os.MkdirAll(l.profile, 0o755); err != nil {
			return s, err
		}
		args = append(args, "-cpuprofile", filepath.Join(l.profile, slug(name)+".pprof"))
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout = &out
	if s, err = runChild(cmd); err != nil || out.Len() == 0 {
		return s, err
	}
	var c counted
	if err := json.Unmarshal(out.Bytes(), &c); err != nil {
		return s, fmt.Errorf("reading the counts: %w", err)
	}
	s.allocs = float64(c.Mallocs) / float64(rows)
	return s, nil
}

// followLog is the child: it follows the log with a job, or with go-mysql alone.
func followLog(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(logRole, flag.ContinueOnError)
	job := flags.String("job", "", "the job `file`; absent, go-mysql follows the log")
	rows := flags.Int("rows", 0, "`rows` that the log has")
	profile := flags.String("cpuprofile", "", "`file` for a CPU profile")
	state := flags.String("state", "", "`folder` for state")
	host := flags.String("host", "", "the server's `address`")
	port := flags.Int("port", 0, "the server's `port`")
	file := flags.String("file", "", "the log `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *job == "" {
		return withGoMySQL(ctx, *rows, *host, *port, *file)
	}
	stopProfile, err := startProfile(*profile)
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := errors.Join(followJob(ctx, *rows, *job, *state), stopProfile()); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	return json.NewEncoder(os.Stdout).Encode(counted{after.Mallocs - before.Mallocs})
}

// followJob runs a job until it has written so many rows.
func followJob(ctx context.Context, rows int, job, state string) error {
	runner, err := newRunner(job, state)
	if err != nil {
		return err
	}
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for stop.Err() == nil {
			if runner.Status().Written >= int64(rows) {
				cancel()
			}
			<-tick.C
		}
	}()
	result := runner.Run(ctx, stop)
	cancel()
	<-ended
	if n := runner.Status().Written; result.Err == nil && n != int64(rows) {
		return fmt.Errorf("%d rows were written, expected %d", n, rows)
	}
	return result.Err
}

func withGoMySQL(ctx context.Context, rows int, host string, port int, file string) error {
	if port < 1 || port > 1<<16-1 {
		return errors.New("the port is " + strconv.Itoa(port))
	}
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{ServerID: 99, Flavor: mysql.MySQLFlavor,
		Host: host, Port: uint16(port), User: servers.RootUser, Password: servers.RootPassword, Logger: newLogger()})
	defer syncer.Close()
	stream, err := syncer.StartSync(mysql.Position{Name: file, Pos: 4})
	if err != nil {
		return err
	}
	for read := 0; read < rows; {
		e, err := stream.GetEvent(ctx)
		if err != nil {
			return err
		}
		if r, ok := e.Event.(*replication.RowsEvent); ok {
			read += len(r.Rows)
		}
	}
	return nil
}
