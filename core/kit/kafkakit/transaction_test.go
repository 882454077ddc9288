package kafkakit

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// transactional begins a producer with one lane.
func transactional(t *testing.T, cl *Client, set ProducerSettings, id, topic string) (*Producer, int) {
	t.Helper()
	p, err := cl.NewTransactional(t.Context(), set, nil, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	info, err := cl.Topic(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return p, p.Lane(info, 0)
}

func mustPut(t *testing.T, p *Producer, lane int, value string) {
	t.Helper()
	if err := p.Put(t.Context(), lane, nil, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func values(t *testing.T, addr, topic string) (all []string) {
	t.Helper()
	for _, m := range topics.ReadEnded(t, addr, topic)[0] {
		all = append(all, string(m.Value))
	}
	return all
}

// TestTransactions commits, takes back, and is fenced: what is not committed is
// not to be seen, and a fenced producer can commit nothing more.
func TestTransactions(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	set := properties(kafka.Addr())
	cl := client(t, set.Connection)
	first, lane := transactional(t, cl, set.Producer, topic, topic)
	for i := range 3 {
		mustPut(t, first, lane, "a"+strconv.Itoa(i))
		if err := first.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustPut(t, first, lane, "lost")
	if err := first.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, lane2 := transactional(t, cl, set.Producer, topic, topic)
	if err := first.Commit(t.Context()); errclass.Of(err) != errclass.Fenced {
		t.Errorf("committing as the older producer: %v, want it to be fenced", err)
	}
	mustPut(t, second, lane2, "b")
	if err := second.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPut(t, second, lane2, "taken back")
	if err := second.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(values(t, kafka.Addr(), topic)); got != "[a0 a1 a2 b]" {
		t.Errorf("the topic has %s", got)
	}
}

// TestLedger reads what was committed, while another job's transaction has no
// end, and removes texts.
func TestLedger(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := "ledger-" + kafka.Topic(t, 1)
	set := properties(kafka.Addr())
	cl := client(t, set.Connection)
	ledger, err := cl.Ledger(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	lanes := map[*Producer]int{}
	put := func(p *Producer, key, value string) {
		t.Helper()
		if _, known := lanes[p]; !known {
			lanes[p] = ledger.Lane(p)
		}
		if err := p.Put(t.Context(), lanes[p], []byte(key), []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Put(t.Context(), set.Producer, []byte("x/run"), []byte("1"), []byte("x/gone"), []byte("1")); err != nil {
		t.Fatal(err)
	}
	other, _ := transactional(t, cl, set.Producer, topic+"-other", topic)
	put(other, "y/split", "open")
	if err := other.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ours, _ := transactional(t, cl, set.Producer, topic, topic)
	put(ours, "x/split", "1")
	put(ours, "x/split", "2")
	if err := ours.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(ours, "x/split", "not committed")
	if err := ours.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ledger.Read(t.Context(), []byte("x/"), 0); errclass.Of(err) != errclass.Transient {
		t.Errorf("reading while a transaction of the job has no end: %v", err)
	}
	if err := cl.Fence(t.Context(), set.Producer, topic); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Put(t.Context(), set.Producer, []byte("x/gone"), nil); err != nil {
		t.Fatal(err)
	}
	texts, _, err := ledger.Read(t.Context(), []byte("x/"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s", texts); got != "map[x/run:1 x/split:2]" {
		t.Errorf("the ledger has %s", got)
	}
}

// TestForgottenProducer has the broker forget an id that nothing was written
// with for long (transactional.id.expiration.ms, a week): the producer is of no
// use any more, and another one goes on.
func TestForgottenProducer(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithConfig("transactional.id.expiration.ms=100", "transaction.remove.expired.transaction.cleanup.interval.ms=100"))
	topic := kafka.Topic(t, 1)
	set := properties(kafka.Addr())
	cl := client(t, set.Connection)
	p, lane := transactional(t, cl, set.Producer, topic, topic)
	awaitForgotten(t, cl, topic)
	err := p.Put(t.Context(), lane, nil, []byte("a"))
	if err == nil {
		err = p.Commit(t.Context())
	}
	if errclass.Of(err) != errclass.Transient {
		t.Fatalf("writing with an id that is forgotten: %s error %v, want a transient one", errclass.Of(err), err)
	}
	transactional(t, cl, set.Producer, topic, topic)
	if got := fmt.Sprint(values(t, kafka.Addr(), topic)); got != "[]" {
		t.Errorf("the topic has %s", got)
	}
}

// awaitForgotten waits until the brokers have removed all that they know of a
// transactional id.
func awaitForgotten(t *testing.T, cl *Client, id string) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	over := time.After(time.Minute)
	for forgotten := false; !forgotten; {
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("the brokers still know the id %s", id)
		}
		_, err := cl.scan(t.Context(), "__transaction_state", 0, 0, func(b *sarama.RecordBatch) error {
			for _, r := range b.Records {
				if bytes.HasSuffix(r.Key, []byte(id)) {
					forgotten = r.Value == nil
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
