package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// The stream whose messages are timed.
const (
	streamRate    = 5000 // rows a second
	streamCommit  = 5    // rows of a transaction
	streamWarmUp  = 3 * time.Second
	streamTime    = 10 * time.Second // that is measured
	streamedTable = "streamed"
)

// spread is how long the messages of a run took from the commit to the consumer.
type spread struct{ p50, p99, max time.Duration }

// spreadOf sorts the times.
func spreadOf(times []time.Duration) spread {
	if len(times) == 0 {
		return spread{}
	}
	slices.Sort(times)
	at := func(share float64) time.Duration { return times[int(share*float64(len(times)-1))] }
	return spread{at(0.5), at(0.99), at(1)}
}

// latencyPaths time messages of a stream that is far from as fast as it could be.
func latencyPaths(l *lab) []path {
	return []path{
		latencyPath(l, "at-least-once", 20*time.Millisecond, 100*time.Millisecond),
		latencyPath(l, "exactly-once", 100*time.Millisecond, 300*time.Millisecond),
	}
}

func latencyPath(l *lab, semantic string, p50, p99 time.Duration) path {
	name := fmt.Sprintf("commit to consumer, %s", semantic)
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			if _, err := l.kafka(ctx); err != nil {
				return size{}, err
			}
			_, err := runPipe(l.shop.execute(ctx, "CREATE TABLE IF NOT EXISTS "+streamedTable+" (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, sent BIGINT NOT NULL, note VARCHAR(200) NOT NULL)"))
			return size{rows: int(streamRate * streamTime / time.Second)}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.withTopic(ctx, l.broker, func(topic string) (sample, error) { return l.stream(ctx, name, topic, semantic) })
		}},
		targets: []target{within("p50", p50, func(s spread) time.Duration { return s.p50 }), within("p99", p99, func(s spread) time.Duration { return s.p99 })},
	}
}

func within(what string, most time.Duration, of func(s spread) time.Duration) target {
	return target{fmt.Sprintf("%s ≤ %d ms", what, most.Milliseconds()), float64(most.Milliseconds()), func(r *line) float64 { return milli(of(r.spread)) }}
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// stream runs the job while rows are committed at an even pace and consumed. Its
// time is the median message's.
func (l *lab) stream(ctx context.Context, name, topic, semantic string) (s sample, err error) {
	file, err := l.job(name, 1, plugin("binlogreader", fields{
		"jdbcUrl":  fmt.Sprintf("jdbc:mysql://%s:%s/%s?useSSL=false", l.shop.host, l.shop.port, database),
		"username": servers.RootUser, "password": servers.RootPassword,
		"cat": "insert,update,delete", "table": []string{streamedTable}, "start": fields{"mode": "latest"},
	}), plugin("kafkawriter", fields{"topic": topic, "format": "debezium-json", "semantic": semantic,
		"producerSettings": fields{"bootstrap.servers": l.broker.addr}}))
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	c, err := l.consume(topic)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	writing, enough := context.WithCancel(ctx)
	defer enough()
	job := exec.CommandContext(ctx, l.binary, l.arguments(file, filepath.Join(l.work, "report.json"))...)
	job.Cancel = func() error { // an end in order is no error
		return errors.Join(job.Process.Signal(syscall.SIGTERM), os.ErrProcessDone)
	}
	job.WaitDelay = streamTime
	g.Go(func() error { return l.commitRows(writing) })
	g.Go(func() (err error) {
		if s, err = runChild(job); ctx.Err() == nil && err == nil {
			err = errors.New("the job has ended by itself")
		}
		return err
	})
	g.Go(func() error {
		defer cancel()
		defer enough()
		return c.time(ctx)
	})
	if err := g.Wait(); err != nil {
		return s, err
	}
	if n := int(streamRate * streamTime.Seconds()); len(c.times) < n*9/10 {
		return s, fmt.Errorf("%d rows were committed in %v, expected %d: the machine is too slow for the pace", len(c.times), streamTime, n)
	}
	s.spread = spreadOf(c.times)
	s.wall = s.spread.p50
	return s, nil
}
