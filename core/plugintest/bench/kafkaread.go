package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// readTopic is what jobs and the native tool read: as many bodies as the table
// has rows, in the partitions of a topic that stays.
const readTopic = "orders-read"

// kafkaNullPath reads a topic into nothing, beside Kafka's own test of its consumer.
func kafkaNullPath(l *lab) path {
	const name = "kafka to null"
	var job string
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			b, err := l.kafka(ctx)
			if err != nil {
				return size{}, err
			}
			if err := l.supervisor.Create(ctx, servers.KindKafka, readTopic, partitions); err != nil {
				return size{}, err
			}
			fill, err := l.job("kafka to null, filling", partitions, l.shop.reader(nil), b.writer(readTopic))
			if err != nil {
				return size{}, err
			}
			if _, err := l.run(ctx, fill, l.rows); err != nil {
				return size{}, err
			}
			job, err = l.job(name, 1, plugin("kafkareader", fields{"topic": readTopic, "mode": "earliest-offset", "boundedMode": "latest-offset", "groupId": "bench",
				"consumerSettings": fields{"bootstrap.servers": b.addr}}), plugin("streamwriter", fields{"print": false}))
			return b.moved, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.run(ctx, job, l.rows, "-fresh")
		}},
		native: []native{{l.consumer(), 1}},
	}
}

// consumer is Kafka's own test of its consumer. Its time is what it says itself:
// the start of its virtual machine and the joining of its group do not count.
func (l *lab) consumer() contender {
	runs := 0
	return contender{"ConsumerPerformance", func(ctx context.Context) (sample, error) {
		runs++
		out := filepath.Join(l.work, "consumer.txt")
		s, err := toFile(ctx, out, "java", l.broker.java("org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", l.broker.addr,
			"--topic", readTopic, "--group", fmt.Sprintf("perf-%d", runs), "--num-records", strconv.Itoa(l.rows))...)
		if err != nil {
			return s, err
		}
		perSecond, err := consumerRate(out)
		if err == nil {
			s.wall = time.Duration(float64(l.rows) / perSecond * float64(time.Second))
		}
		return s, err
	}}
}

// consumerRate reads the line of figures below that of their names.
func consumerRate(file string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := range len(lines) - 1 {
		names, figures := strings.Split(lines[i], ","), strings.Split(lines[i+1], ",")
		for n, name := range names {
			if strings.TrimSpace(name) == "fetch.nMsg.sec" && n < len(figures) {
				return strconv.ParseFloat(strings.TrimSpace(figures[n]), 64)
			}
		}
	}
	return 0, errors.New("ConsumerPerformance printed no figures")
}
