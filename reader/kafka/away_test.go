package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestBrokerAway kills the broker, then cuts the network, while a topic is read:
// the source ends with a transient error, and one that is opened at the last
// mark goes on there.
func TestBrokerAway(t *testing.T) {
	k := servers.StartKafka(t, servers.WithProxy())
	topic := k.Topic(t, 2)
	send := func(from int) {
		var messages []*sarama.ProducerMessage
		for i := range 100 {
			messages = append(messages, value(topic, int32(i%2), fmt.Sprint(from+i)))
		}
		produce(t, k, messages...)
	}
	send(0)
	r := newReaderOf(t, k.ProxyAddr(), topic, nil)
	p := plan(t, r, 1)[0]
	var got []string
	for round, trouble := range []func(){k.Kill, k.Cut} {
		s := reopen(t, r, p)
		for len(got) < 100*(round+1) {
			got = append(got, fill(t, s, &p)...)
		}
		trouble()
		b := &record.Batch{}
		b.Reset("")
		if err := s.Fill(t.Context(), b); errclass.Of(err) != errclass.Transient {
			t.Errorf("round %d: the broker was away: %v (%v)", round, err, errclass.Of(err))
		}
		closeSource(t, s)
		[]func(){k.Restart, k.Restore}[round]()
		send(100 * (round + 1))
	}
	s := reopen(t, r, p)
	for len(got) < 300 {
		got = append(got, fill(t, s, &p)...)
	}
	closeSource(t, s)
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint(i))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d messages came, want %d, each once", len(got), len(want))
	}
}

// reopen opens a split as the engine does: again while the error is a passing one.
func reopen(t testing.TB, r plugin.Reader, p plugin.Progress) plugin.Source {
	t.Helper()
	for {
		s, err := r.Open(t.Context(), p)
		if err == nil {
			return s
		}
		if errclass.Of(err) != errclass.Transient || t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// fill returns the rows of one batch and moves p to its mark.
func fill(t testing.TB, s plugin.Source, p *plugin.Progress) (rows []string) {
	t.Helper()
	b := &record.Batch{}
	b.Reset("")
	if err := s.Fill(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for i := range b.Len() {
		rows = append(rows, string(b.Row(i).AppendText(nil, 0)))
	}
	p.Position = b.Marks()[0].Position
	return rows
}

// TestRights: what a user may not do is found by Probe, with its remedy, and a
// group that must not be told is no reason to stop.
func TestRights(t *testing.T) {
	k := servers.StartKafka(t, servers.WithSASL(), servers.WithACL())
	topic := k.Topic(t, 1)
	produce(t, k, value(topic, 0, "a"))
	more := fields{"mode": "earliest-offset", "consumerSettings": fields{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
		"sasl.jaas.config": fmt.Sprintf(`org.apache.kafka.common.security.plain.PlainLoginModule required username="%s" password="%s";`, servers.ClientUser, servers.ClientPassword)}}
	r := newReaderOf(t, k.Info().SASLAddr, topic, more)
	if err := r.(plugin.Prober).Probe(t.Context()); err == nil || errclass.Of(err) == errclass.Transient {
		t.Errorf("nothing is allowed: %v (%v)", err, errclass.Of(err))
	}
	k.Allow(t, servers.ClientUser, topic, "Describe")
	err := r.(plugin.Prober).Probe(t.Context())
	if err == nil || !strings.Contains(err.Error(), "lacks the ACL for Read; add it: ") || !strings.Contains(err.Error(), "--operation Read --operation Describe --topic "+topic) {
		t.Errorf("reading is not allowed: %v", err)
	}
	k.Allow(t, servers.ClientUser, topic, "Read")
	if err := r.(plugin.Prober).Probe(t.Context()); err != nil {
		t.Errorf("all is allowed: %v", err)
	}
	p := plan(t, r, 1)[0]
	s := reopen(t, r, p)
	defer closeSource(t, s)
	if rows := fill(t, s, &p); !slices.Equal(rows, []string{"a"}) {
		t.Errorf("got %v", rows)
	}
	for range 2 {
		if err := s.(plugin.Acker).Ack(context.WithoutCancel(t.Context()), p.Position); err != nil {
			t.Errorf("telling a group that is not allowed: %v", err)
		}
	}
}
