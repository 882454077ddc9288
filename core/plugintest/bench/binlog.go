package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// The log that is followed: rows as those of orders, each hundred inserted in a
// transaction of its own.
const (
	mostEvents     = 1_000_000
	transactionLen = 100
	loggedTable    = "logged"
)

// events is how many changes a log has.
func (l *lab) events() int { return min(mostEvents, l.rows/transactionLen*transactionLen) }

// insertLogged are the statements that a log is filled with.
func (l *lab) insertLogged(script *bytes.Buffer) {
	for id := 0; id < l.events(); id += transactionLen {
		fmt.Fprintf(script, "INSERT INTO %s SELECT * FROM orders WHERE id > %d AND id <= %d;\n", loggedTable, id, id+transactionLen)
	}
}

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
	name, err := s.logFile(ctx)
	if err != nil {
		return "", err
	}
	l.log.Info("filling the log", "server", "mysql", "rows", l.events())
	l.insertLogged(&script)
	if err := s.feed(ctx, &script); err != nil {
		return "", fmt.Errorf("filling the log: %w", err)
	}
	l.logFile = name
	return l.logFile, nil
}

// logFile is the file that the log ends in.
func (s *shop) logFile(ctx context.Context) (string, error) {
	out, err := s.execute(ctx, "SHOW MASTER STATUS", "--skip-column-names", "--batch").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the log's end: %w", err)
	}
	name, _, _ := bytes.Cut(out, []byte("\t"))
	return string(name), nil
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
			job, err = l.job(name, 1, l.logged(loggedTable, file), plugin("streamwriter", fields{"print": false}))
			return size{rows: l.events()}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.follow(ctx, name, l.events(), "-job", job)
		}},
		native: []native{{contender{"go-mysql", func(ctx context.Context) (sample, error) {
			return l.follow(ctx, name, l.events(), "-host", l.shop.host, "-port", l.shop.port, "-file", file)
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
			return size{rows: l.events()}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.withTopic(ctx, l.broker, func(topic string) (sample, error) {
				job, err := l.job(name, 1, l.logged(loggedTable, file), plugin("kafkawriter", fields{"topic": topic, "format": format, "semantic": semantic,
					"producerSettings": fields{"bootstrap.servers": l.broker.addr}}))
				if err != nil {
					return sample{}, err
				}
				return l.follow(ctx, name, l.events(), "-job", job)
			})
		}},
		targets: []target{{fmt.Sprintf("≥ %.0f rows/s", atLeast), 1 / atLeast, func(r *line) float64 { return r.Seconds / float64(r.Rows) }}},
	}
}

// logged is the reader of the log of a table, from a file on.
func (l *lab) logged(table, file string) fields {
	return plugin("binlogreader", fields{
		"jdbcUrl":  fmt.Sprintf("jdbc:mysql://%s:%s/%s?useSSL=false", l.shop.host, l.shop.port, database),
		"username": servers.RootUser, "password": servers.RootPassword,
		"cat": "insert,update,delete", "table": []string{table}, "start": fields{"journal-name": file},
	})
}
