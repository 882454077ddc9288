package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

// claim takes a job over and tells how far its one split is.
func claim(ctx context.Context, t testing.TB, w plugin.Writer, job string) (task plugin.Task, at int, err error) {
	t.Helper()
	run, stored, err := w.(plugin.Ledger).Claim(ctx, job, 1)
	for _, p := range stored {
		if at, err = strconv.Atoi(string(p.Position)); err != nil {
			t.Fatal(err)
		}
	}
	return plugin.Task{Job: job, Run: run, Of: 1, Exact: true}, at, err
}

func mustClaim(t testing.TB, w plugin.Writer, job string) (task plugin.Task, at int) {
	t.Helper()
	task, at, err := claim(t.Context(), t, w, job)
	if err != nil {
		t.Fatal(err)
	}
	return task, at
}

// upTo fills a batch with users from a number up to another, which is its mark.
func upTo(b *record.Batch, s *record.Schema, from, to int) *record.Batch {
	b.Reset("0")
	for i := from; i < to; i++ {
		user(b, s, record.Insert, int64(i), "x")
	}
	b.Mark(strconv.AppendInt(nil, int64(to), 10), time.Time{})
	return b
}

// TestTwoRuns has a second run take the job over at each step of the first: only
// one of the two goes on, and no row is there twice.
func TestTwoRuns(t *testing.T) {
	kafka := servers.Kafka(t)
	s := users(0)
	for name, overtaken := range map[string]int{"before it opens": 0, "after it has opened": 1, "amid a transaction": 2, "before it opens again": 3} {
		t.Run(name, func(t *testing.T) {
			topic := kafka.Topic(t, 1)
			parameters := fmt.Sprintf(`"topic":%q,"format":"json"`, topic)
			old, young := build(t, kafka.Addr(), parameters), build(t, kafka.Addr(), parameters)
			write := func(sink plugin.Sink, from, to int) error {
				if err := sink.Write(t.Context(), upTo(record.NewBatch(0, 0), s, from, to)); err != nil {
					return err
				}
				return sink.(plugin.Flusher).Flush(t.Context())
			}
			var task plugin.Task
			var at, done int
			take := func(step int) {
				if step != overtaken {
					return
				}
				if task, at = mustClaim(t, young, topic); at != done {
					t.Errorf("the second run begins at %d, want %d", at, done)
				}
			}
			first, _ := mustClaim(t, old, topic)
			goOn := func() error {
				take(0)
				sink, err := old.Open(t.Context(), first)
				if err != nil {
					return err
				}
				defer func() { _ = sink.Close() }()
				take(1)
				if err := write(sink, 0, 10); err != nil {
					return err
				}
				done = 10
				if err := sink.Write(t.Context(), upTo(record.NewBatch(0, 0), s, 10, 20)); err != nil {
					return err
				}
				if sink.(*exactSink).producer.Open().IsZero() { // it took so long that it was committed
					done = 20
				}
				take(2)
				if err := sink.(plugin.Flusher).Flush(t.Context()); err != nil {
					return err
				}
				done = 20
				if err := sink.Close(); err != nil {
					return err
				}
				take(3)
				_, err = old.Open(t.Context(), first)
				return err
			}
			if err := goOn(); errclass.Of(err) != errclass.Fenced {
				t.Fatalf("the first run goes on: %v", err)
			}
			sink, err := young.Open(t.Context(), task)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = sink.Close() }()
			if err := write(sink, at, 30); err != nil {
				t.Fatal(err)
			}
			mustClaim(t, young, topic) // a commit becomes visible some time after its answer, and before this one's
			if got := numbers(t, kafka.Addr(), topic); !consecutive(got, 30) {
				t.Errorf("the topic has %v", got)
			}
		})
	}
}

// numbers are the keys that a topic of one partition shows to readers of what is
// committed.
func numbers(t testing.TB, addr, topic string) (all []int) {
	t.Helper()
	for _, m := range topics.Read(t, addr, topic)[0] {
		n, err := strconv.Atoi(string(m.Key))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func consecutive(all []int, n int) bool {
	for i, got := range all {
		if got != i {
			return false
		}
	}
	return len(all) == n
}

// TestPositionThatTheLedgerRefuses has a state that is larger than the ledger's
// topic takes: that is no fault of a row, which would be written again.
func TestPositionThatTheLedgerRefuses(t *testing.T) {
	kafka := servers.Kafka(t)
	topic, ledger := kafka.Topic(t, 1), kafka.Topic(t, 1, "max.message.bytes=2000", "cleanup.policy=compact")
	w := build(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"json","ledgerTopic":%q`, topic, ledger))
	task, _ := mustClaim(t, w, topic)
	sink, err := w.Open(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Close() }()
	state, err := json.Marshal(string(bytes.Repeat([]byte("x"), 5000)))
	if err != nil {
		t.Fatal(err)
	}
	b := two(users(0))
	b.MarkState([]byte("1"), state, time.Time{})
	if err = sink.Write(t.Context(), b); err == nil {
		err = sink.(plugin.Flusher).Flush(t.Context())
	}
	if errclass.Of(err) != errclass.Permanent {
		t.Errorf("got %v (%v), want a permanent error", err, errclass.Of(err))
	}
}

// fault is what goes wrong during a commit: so many round trips to the broker
// after its beginning, which the commit's own steps take as well.
type fault struct {
	trips      int
	begin, end func()
}

// during runs a commit and has the fault meet it. It asks the broker beside the
// network that is cut.
func (f *fault) during(t testing.TB, addr string, commit func() error) error {
	if f.begin == nil {
		return commit()
	}
	t.Helper()
	client, err := sarama.NewClient([]string{addr}, sarama.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	trip := func() {
		if _, err := client.GetOffset("datasync_ledger", 0, sarama.OffsetNewest); err != nil {
			t.Error(err)
		}
	}
	trip()
	var met sync.WaitGroup
	met.Go(func() {
		for range f.trips {
			trip()
		}
		f.begin()
	})
	err = commit()
	met.Wait()
	return err
}

// TestExactlyOnceThroughFaults cuts the network, stalls it and kills the broker
// while transactions are being committed, and goes on from where the ledger
// says: what was committed though the answer was lost is not written again.
func TestExactlyOnceThroughFaults(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithProxy())
	topic := kafka.Topic(t, 1)
	w := plugintest.NewWriter(t, Info(), fmt.Sprintf(
		`{"topic":%q,"format":"json","producerSettings":{"bootstrap.servers":%q,"request.timeout.ms":"1000","delivery.timeout.ms":"1000"}}`, topic, kafka.ProxyAddr()))
	defer func() { _ = w.Close() }()
	faults := []fault{{0, kafka.Cut, kafka.Restore}, {1, kafka.Stall, kafka.Restore}, {2, kafka.Cut, kafka.Restore},
		{1, kafka.Kill, kafka.Restart}, {3, kafka.Stall, kafka.Restore}, {4, kafka.Cut, kafka.Restore}}
	const rows, every = 40, 4
	total := rows * every * (len(faults) + 1)
	s := users(0)
	b := record.NewBatch(0, 0)
	durable, failed := 0, 0
	end := func() {} // of the fault
	attempt := func() (err error) {
		task, at, err := claim(t.Context(), t, w, topic)
		if err != nil {
			return err
		}
		if at < durable {
			t.Fatalf("the ledger says %d, %d were durable", at, durable)
		}
		sink, err := w.Open(t.Context(), task)
		if err != nil {
			return err
		}
		defer func() { _ = sink.Close() }()
		for n := at / rows; n*rows < total; n++ {
			if err := sink.Write(t.Context(), upTo(b, s, n*rows, (n+1)*rows)); err != nil {
				return err
			}
			if (n+1)%every != 0 {
				continue
			}
			var f fault
			if i := n / every; i < len(faults) {
				f, faults[i] = faults[i], fault{}
			}
			if f.end != nil {
				end = f.end
			}
			err := f.during(t, kafka.Addr(), func() error { return sink.(plugin.Flusher).Flush(t.Context()) })
			if err != nil {
				return err
			}
			durable = (n + 1) * rows
			end()
			end = func() {}
		}
		return nil
	}
	for {
		err := attempt()
		end()
		end = func() {}
		if err == nil {
			break
		}
		if errclass.Of(err) != errclass.Transient {
			t.Fatalf("attempt %d: %v (%v)", failed, err, errclass.Of(err))
		}
		failed++
	}
	if failed == 0 {
		t.Error("no fault has met a transaction")
	}
	mustClaim(t, w, topic) // commits become visible some time after their answer, and before this one's
	if got := numbers(t, kafka.Addr(), topic); !consecutive(got, total) {
		t.Errorf("the topic has %d rows, want %d: %v", len(got), total, got)
	}
}
