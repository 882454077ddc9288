package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// partitions of the topics that are written.
const partitions = 4

// sampled is how many bodies the native tool chooses from.
const sampled = 20_000

// broker is the Kafka server and what its own producer is fed with.
type broker struct {
	addr     string
	jars     string
	payloads string // bodies of real rows, one a line
	moved    size
	topics   int
}

// kafka starts the server and takes bodies as datasync writes them, the first time.
func (l *lab) kafka(ctx context.Context) (*broker, error) {
	if l.broker != nil {
		return l.broker, nil
	}
	shop, err := l.mysql(ctx)
	if err != nil {
		return nil, err
	}
	info, err := l.serve(ctx, servers.KindKafka)
	if err != nil {
		return nil, err
	}
	b := &broker{addr: info.Addr, payloads: filepath.Join(l.work, "bodies")}
	if b.jars, err = l.supervisor.KafkaJars(ctx); err != nil {
		return nil, err
	}
	rows := min(sampled, l.rows)
	_, err = l.withTopic(ctx, b, func(topic string) (sample, error) {
		last := fields{"where": fmt.Sprintf("id > %d", l.rows-rows)}
		file, err := l.job("bodies", 1, shop.reader(last), b.writer(topic))
		if err != nil {
			return sample{}, err
		}
		if _, err := l.run(ctx, file, rows); err != nil {
			return sample{}, err
		}
		return toFile(ctx, b.payloads, "java", b.java("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", b.addr,
			"--topic", topic, "--from-beginning", "--max-messages", strconv.Itoa(rows))...)
	})
	if err != nil {
		return nil, fmt.Errorf("taking bodies: %w", err)
	}
	st, err := os.Stat(b.payloads)
	if err != nil {
		return nil, err
	}
	body := float64(st.Size())/float64(rows) - 1 // without the line feed
	b.moved = size{l.rows, int64(body * float64(l.rows))}
	l.broker = b
	return b, l.warm(ctx)
}

// warmUps is how often the job runs before anything is measured.
const warmUps = 8

// warm has the broker's virtual machine compile what it will run: it is as fast
// as it gets after some ten million records, as mysqld is from the start.
func (l *lab) warm(ctx context.Context) error {
	l.log.Info("warming the broker up", "runs", warmUps)
	for range warmUps {
		_, err := l.copy(ctx, "warm", 4, func(file string) (sample, error) { return l.run(ctx, file, l.rows) })
		if err != nil {
			return fmt.Errorf("warming the broker up: %w", err)
		}
	}
	return nil
}

// copy gives run a job that copies the table into a topic of its own.
func (l *lab) copy(ctx context.Context, name string, channels int, run func(file string) (sample, error)) (sample, error) {
	return l.withTopic(ctx, l.broker, func(topic string) (sample, error) {
		file, err := l.job(name, channels, l.shop.reader(nil), l.broker.writer(topic))
		if err != nil {
			return sample{}, err
		}
		return run(file)
	})
}

func (b *broker) java(class string, args ...string) []string {
	return append([]string{"-Xmx512m", "-cp", filepath.Join(b.jars, "*"), class}, args...)
}

// writer is the kafka writer of a job.
func (b *broker) writer(topic string) fields {
	return plugin("kafkawriter", fields{"topic": topic, "format": "json", "producerSettings": fields{"bootstrap.servers": b.addr}})
}

// withTopic runs f with a topic of its own, which is deleted afterwards: what one
// run leaves must not be the next one's burden.
func (l *lab) withTopic(ctx context.Context, b *broker, f func(topic string) (sample, error)) (s sample, err error) {
	b.topics++
	topic := fmt.Sprintf("orders-%d", b.topics)
	if err := l.supervisor.Create(ctx, servers.KindKafka, topic, partitions, "file.delete.delay.ms=0"); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, l.supervisor.Drop(ctx, servers.KindKafka, topic)) }()
	return f(topic)
}

func kafkaPath(l *lab, channels int) path {
	name := fmt.Sprintf("mysql to kafka, %d channels", channels)
	quick, perf := 0.0, 0.0
	var targets []target
	switch channels {
	case 1:
		name, quick = "mysql to kafka, 1 channel", 0.75
	case 4:
		quick, perf = 1, 1
		targets = append(targets, peakMiB(64))
	}
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			b, err := l.kafka(ctx)
			if err != nil {
				return size{}, err
			}
			return b.moved, nil
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.copy(ctx, name, channels, func(file string) (sample, error) { return l.run(ctx, file, l.rows) })
		}},
		allocs: func(ctx context.Context) (perRow float64, err error) {
			_, err = l.copy(ctx, name, channels, func(file string) (sample, error) {
				perRow, err = l.inside(ctx, name, file)
				return sample{}, err
			})
			return perRow, err
		},
		native:  []native{{l.quick(), quick}, {l.producer(), perf}},
		targets: append([]target{cpuPerMillion(1.6)}, targets...),
	}
}

// producer is Kafka's own test of its producer. Its time is what it says itself:
// the start of its virtual machine does not count.
func (l *lab) producer() contender {
	return contender{"ProducerPerformance", func(ctx context.Context) (sample, error) {
		b := l.broker
		return l.withTopic(ctx, b, func(topic string) (sample, error) {
			out := filepath.Join(l.work, "producer.txt")
			s, err := toFile(ctx, out, "java", b.java("org.apache.kafka.tools.ProducerPerformance", "--topic", topic,
				"--num-records", strconv.Itoa(l.rows), "--payload-file", b.payloads, "--throughput", "-1", "--bootstrap-server", b.addr,
				"--command-property", "acks=all", "enable.idempotence=true", "batch.size=524288", "linger.ms=20")...)
			if err != nil {
				return s, err
			}
			perSecond, err := producerRate(out)
			if err == nil {
				s.wall = time.Duration(float64(l.rows) / perSecond * float64(time.Second))
			}
			return s, err
		})
	}}
}

var producerLine = regexp.MustCompile(`^\d+ records sent, ([0-9.]+) records/sec .* 99.9th\.$`)

// producerRate reads the last line, which is about the whole run.
func producerRate(file string) (float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	found := ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m := producerLine.FindStringSubmatch(lines.Text()); m != nil {
			found = m[1]
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	if found == "" {
		return 0, errors.New("ProducerPerformance printed no summary")
	}
	return strconv.ParseFloat(found, 64)
}
