package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// The log that is followed: rows as those of orders, each hundred inserted in a
// transaction of its own.
const (
	loggedRows     = 1_000_000
	transactionLen = 100
	loggedTable    = "logged"
)

// binlog fills a table whose rows are in the binary log, the first time, and
// returns the name of the log file that they begin in.
func (l *lab) binlog(ctx context.Context) (file string, err error) {
	if l.logFile != "" {
		return l.logFile, nil
	}
	s, err := l.mysql(ctx)
	if err != nil {
		return "", err
	}
	var script bytes.Buffer
	fmt.Fprintf(&script, "CREATE TABLE %s LIKE orders; FLUSH BINARY LOGS;\n", loggedTable)
	if err := s.feed(ctx, &script); err != nil {
		return "", err
	}
	out, err := s.execute(ctx, "SHOW MASTER STATUS", "--skip-column-names", "--batch").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the log's end: %w", err)
	}
	name, _, _ := bytes.Cut(out, []byte("\t"))
	l.log.Info("filling the log", "rows", loggedRows)
	for id := 0; id < loggedRows; id += transactionLen {
		// Where the table has fewer rows they come again under other keys.
		from := id % (l.rows / transactionLen * transactionLen)
		fmt.Fprintf(&script, "INSERT INTO %s SELECT id + %d, customer, product, quantity, price, discount, status, email, note, created FROM orders WHERE id > %d AND id <= %d;\n",
			loggedTable, id-from, from, from+transactionLen)
	}
	if err := s.feed(ctx, &script); err != nil {
		return "", fmt.Errorf("filling the log: %w", err)
	}
	l.logFile = string(name)
	return l.logFile, nil
}

// feed has the native tool run a script, which is empty then.
func (s *shop) feed(ctx context.Context, script *bytes.Buffer) error {
	cmd := exec.CommandContext(ctx, s.client, s.arguments()...)
	cmd.Stdin = script
	_, err := runChild(cmd)
	return err
}

// binlogPath follows a log into nothing, beside go-mysql's own reader of logs.
func binlogPath(l *lab) path {
	const name = "binlog to null"
	var job, file string
	return path{
		name: name,
		prepare: func(ctx context.Context) (moved size, err error) {
			if file, err = l.binlog(ctx); err != nil {
				return size{}, err
			}
			job, err = l.job(name, 1, l.logged(file), plugin("streamwriter", fields{"print": false}))
			return size{rows: loggedRows}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.follow(ctx, "-job", job, "-state", filepath.Join(l.work, "log"))
		}},
		native: []native{{contender{"go-mysql", func(ctx context.Context) (sample, error) {
			return l.follow(ctx, "-host", l.shop.host, "-port", l.shop.port, "-file", file)
		}}, 0}},
		targets: []target{{"≥ 600,000 rows/s", 1 / 600_000.0, func(r *line) float64 { return r.Seconds / float64(r.Rows) }}},
	}
}

// binlogKafkaPaths follow a log into a topic, in the formats that others read
// most, with and without transactions. No native tool does that.
func binlogKafkaPaths(l *lab) (all []path) {
	for _, format := range []string{"debezium-json", "canal-json"} {
		for _, c := range []struct {
			semantic string
			atLeast  float64
		}{{"at-least-once", 300_000}, {"exactly-once", 250_000}} {
			all = append(all, binlogKafkaPath(l, format, c.semantic, c.atLeast))
		}
	}
	return all
}

func binlogKafkaPath(l *lab, format, semantic string, atLeast float64) path {
	name := fmt.Sprintf("binlog to kafka, %s, %s", format, semantic)
	var file string
	return path{
		name: name,
		prepare: func(ctx context.Context) (moved size, err error) {
			if _, err := l.kafka(ctx); err != nil {
				return size{}, err
			}
			file, err = l.binlog(ctx)
			return size{rows: loggedRows}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.withTopic(ctx, l.broker, func(topic string) (sample, error) {
				job, err := l.job(name, 1, l.logged(file), plugin("kafkawriter", fields{"topic": topic, "format": format, "semantic": semantic,
					"producerSettings": fields{"bootstrap.servers": l.broker.addr}}))
				if err != nil {
					return sample{}, err
				}
				return l.follow(ctx, "-job", job, "-state", filepath.Join(l.work, "log"))
			})
		}},
		targets: []target{{fmt.Sprintf("≥ %.0f rows/s", atLeast), 1 / atLeast, func(r *line) float64 { return r.Seconds / float64(r.Rows) }}},
	}
}

// logged is the reader of the log from a file on.
func (l *lab) logged(file string) fields {
	return plugin("binlogreader", fields{
		"jdbcUrl":  fmt.Sprintf("jdbc:mysql://%s:%s/%s?useSSL=false", l.shop.host, l.shop.port, database),
		"username": servers.RootUser, "password": servers.RootPassword,
		"cat": "insert,update,delete", "table": []string{loggedTable}, "start": fields{"journal-name": file},
	})
}

// follow measures a child of this program that follows the log.
func (l *lab) follow(ctx context.Context, args ...string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	return discard(ctx, self, append([]string{logRole}, args...)...)
}

// followLog is the child: it follows the log with a job, or with go-mysql alone.
func followLog(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(logRole, flag.ContinueOnError)
	job := flags.String("job", "", "the job `file`; absent, go-mysql follows the log")
	state := flags.String("state", "", "`folder` for state")
	host := flags.String("host", "", "the server's `address`")
	port := flags.Int("port", 0, "the server's `port`")
	file := flags.String("file", "", "the log `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *job == "" {
		return withGoMySQL(ctx, *host, *port, *file)
	}
	runner, err := newRunner(*job, *state)
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
			if runner.Status().Written >= loggedRows {
				cancel()
			}
			<-tick.C
		}
	}()
	result := runner.Run(ctx, stop)
	cancel()
	<-ended
	if n := runner.Status().Written; result.Err == nil && n != loggedRows {
		return fmt.Errorf("%d rows were written, expected %d", n, loggedRows)
	}
	return result.Err
}

func withGoMySQL(ctx context.Context, host string, port int, file string) error {
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
	for rows := 0; rows < loggedRows; {
		e, err := stream.GetEvent(ctx)
		if err != nil {
			return err
		}
		if r, ok := e.Event.(*replication.RowsEvent); ok {
			rows += len(r.Rows)
		}
	}
	return nil
}
