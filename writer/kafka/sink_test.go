package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, clock()) }

// open begins a sink of a writer with these parameters; brokers are added.
func open(t testing.TB, addr, parameters string, task plugin.Task) plugin.Sink {
	t.Helper()
	sink, err := build(t, addr, parameters).Open(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return sink
}

func build(t testing.TB, addr, parameters string) plugin.Writer {
	t.Helper()
	w := plugintest.NewWriter(t, Info(), fmt.Sprintf(`{"brokerList":%q,"producerSettings":{"acks":"all"},%s}`, addr, parameters))
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// put writes a batch and makes it durable.
func put(t testing.TB, sink plugin.Sink, b *record.Batch) {
	t.Helper()
	if err := sink.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	flush(t, sink)
}

func flush(t testing.TB, sink plugin.Sink) {
	t.Helper()
	if err := sink.(plugin.Flusher).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// messages spells what a topic holds: "partition key value", a null as ~.
func messages(t testing.TB, addr, topic string) (all []string) {
	t.Helper()
	text := func(b []byte) string {
		if b == nil {
			return "~"
		}
		return string(b)
	}
	for p, list := range topics.Read(t, addr, topic) {
		for _, m := range list {
			all = append(all, fmt.Sprintf("%d %s %s", p, text(m.Key), text(m.Value)))
		}
	}
	return all
}

func users(key ...int) *record.Schema {
	return record.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{
		{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String, Nullable: true}, {Name: "at", Kind: record.Timestamp, Scale: 3},
	}, key...)
}

// user appends a row; an empty name is NULL.
func user(b *record.Batch, s *record.Schema, op record.Op, id int64, name string) {
	b.Begin(s, op)
	b.Int64(id)
	if name == "" {
		b.Null()
	} else {
		b.String([]byte(name))
	}
	b.Timestamp(1_700_000_000+id, 0)
}

func two(s *record.Schema) *record.Batch {
	b := record.NewBatch(0, 0)
	user(b, s, record.Insert, 1, "zoë")
	user(b, s, record.Insert, 2, "")
	return b
}

func TestKeysAndBodies(t *testing.T) {
	kafka := servers.Kafka(t)
	for _, tt := range []struct {
		name, parameters string
		schema           *record.Schema
		channel          int
		want             []string
	}{
		{"flinkx without names", ``, users(), 4, []string{
			`1 ~ {"message":"1,zoë,2023-11-14 22:13:21.000"}`, `1 ~ {"message":"2,null,2023-11-14 22:13:22.000"}`}},
		{"flinkx with names", `"tableFields":["a","b","c","d"],"timezone":"Asia/Shanghai"`, users(), 0, []string{
			`0 ~ {"a":"1","b":"zoë","c":"2023-11-15 06:13:21.000"}`, `0 ~ {"a":"2","b":null,"c":"2023-11-15 06:13:22.000"}`}},
		{"json", `"format":"json"`, users(), 2, []string{
			`2 ~ {"id":1,"name":"zoë","at":"2023-11-14T22:13:21.000Z"}`, `2 ~ {"id":2,"name":null,"at":"2023-11-14T22:13:22.000Z"}`}},
		{"primary key", `"tableFields":["id"]`, users(0), 2, []string{
			keyed(3, "1", `{"message":"1,zoë,2023-11-14 22:13:21.000"}`), keyed(3, "2", `{"message":"2,null,2023-11-14 22:13:22.000"}`)}},
		{"primary key of two columns", `"format":"JSON"`, users(1, 0), 2, []string{
			keyed(3, `["zoë",1]`, `{"id":1,"name":"zoë","at":"2023-11-14T22:13:21.000Z"}`), keyed(3, `[null,2]`, `{"id":2,"name":null,"at":"2023-11-14T22:13:22.000Z"}`)}},
		{"assigned column, once NULL", `"partitionAssignColumns":["name"]`, users(0), 2, []string{
			keyed(3, "zoë", `{"message":"1,zoë,2023-11-14 22:13:21.000"}`), `2 ~ {"message":"2,null,2023-11-14 22:13:22.000"}`}},
		{"assigned by its name in tableFields", `"partitionAssignColumns":"name","tableFields":["name","b","c"]`, users(), 2, []string{
			keyed(3, "1", `{"name":"1","b":"zoë","c":"2023-11-14 22:13:21.000"}`), keyed(3, "2", `{"name":"2","b":null,"c":"2023-11-14 22:13:22.000"}`)}},
		{"all to zero", `"partitionStrategy":"all-to-zero"`, users(0), 2, []string{
			`0 1 {"message":"1,zoë,2023-11-14 22:13:21.000"}`, `0 2 {"message":"2,null,2023-11-14 22:13:22.000"}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			topic := kafka.Topic(t, 3)
			parameters := fmt.Sprintf(`"topic":%q`, topic)
			if tt.parameters != "" {
				parameters += "," + tt.parameters
			}
			put(t, open(t, kafka.Addr(), parameters, plugin.Task{Channel: tt.channel, Of: 5}), two(tt.schema))
			got := messages(t, kafka.Addr(), topic)
			if diff := cmp.Diff(sorted(tt.want), sorted(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func keyed(partitions int, key, body string) string {
	return fmt.Sprintf("%d %s %s", kafkakit.Partition([]byte(key), partitions), key, body)
}

// sorted is for partitions, which have no order among them.
func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func TestChanges(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	s := users(0)
	b := record.NewBatch(0, 0)
	user(b, s, record.Insert, 1, "a")
	user(b, s, record.UpdateBefore, 1, "a")
	user(b, s, record.UpdateAfter, 1, "b")
	user(b, s, record.Delete, 1, "b")
	put(t, open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"json"`, topic), plugin.Task{Of: 1}), b)
	want := []string{
		`0 1 {"id":1,"name":"a","at":"2023-11-14T22:13:21.000Z"}`,
		`0 1 {"id":1,"name":"b","at":"2023-11-14T22:13:21.000Z"}`,
		`0 1 ~`,
	}
	if diff := cmp.Diff(want, messages(t, kafka.Addr(), topic)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	s = users()
	b.Reset("")
	user(b, s, record.Delete, 1, "b")
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"json"`, topic), plugin.Task{Of: 1})
	if err := sink.Write(t.Context(), b); errclass.Of(err) != errclass.Data {
		t.Errorf("a delete without key: got %v, want a data error", err)
	}
}

func TestRefusedRows(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1, "max.message.bytes=2000")
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q`, topic), plugin.Task{Of: 1})
	s := users()
	b := record.NewBatch(0, 0)
	for i := range 60 {
		name := strings.Repeat("x", 100)
		switch i {
		case 0, 40:
			name = strings.Repeat("y", 5000)
		case 30:
			name = "\xff"
		case 59:
			name = strings.Repeat("z", 1700) // fits, alone
		}
		user(b, s, record.Insert, int64(i), name)
	}
	err := sink.Write(t.Context(), b)
	var rows *errclass.Rows
	if !errors.As(err, &rows) || !rows.Written {
		t.Fatalf("got %v, want refused rows, the others written", err)
	}
	var got []string
	for _, bad := range rows.Bad {
		got = append(got, fmt.Sprintf("%d %s %v", bad.Index, bad.Column, bad.Reason))
	}
	if diff := cmp.Diff([]string{"0  too large", "30 name encoding", "40  too large"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	flush(t, sink)
	if n := len(messages(t, kafka.Addr(), topic)); n != 57 {
		t.Errorf("the topic holds %d messages, want 57", n)
	}
}

func TestBigValue(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithConfig("message.max.bytes=20000000"))
	topic := kafka.Topic(t, 1)
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q`, topic), plugin.Task{Of: 1})
	s := users()
	b := record.NewBatch(0, 0)
	user(b, s, record.Insert, 1, strings.Repeat("x", 16<<20))
	user(b, s, record.Insert, 2, "y")
	put(t, sink, b)
	got := topics.Read(t, kafka.Addr(), topic)[0]
	if len(got) != 2 || len(got[0].Value) < 16<<20 {
		t.Errorf("the topic holds %d messages", len(got))
	}
}

func TestHeadersAndTables(t *testing.T) {
	kafka := servers.Kafka(t)
	one, other := kafka.Topic(t, 1), kafka.Topic(t, 2)
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"tableIdToTopicMapping":"{\"shop.users\":\"%s\",\"orders\":\"%s\"}","headers":{"b":"2","a":"ä"}`, one, other), plugin.Task{Of: 1})
	b := two(users())
	orders := record.NewSchema(record.Name{Database: "shop", Table: "orders"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	b.Begin(orders, record.Insert)
	b.Int64(7)
	put(t, sink, b)
	if got := messages(t, kafka.Addr(), one); len(got) != 2 {
		t.Errorf("topic of users: %v", got)
	}
	if diff := cmp.Diff([]string{keyed(2, "7", `{"message":"7"}`)}, messages(t, kafka.Addr(), other)); diff != "" {
		t.Errorf("topic of orders (-want +got):\n%s", diff)
	}
	m := topics.Read(t, kafka.Addr(), one)[0][0]
	if len(m.Headers) != 2 || string(m.Headers[0].Key)+string(m.Headers[0].Value) != "aä" || string(m.Headers[1].Key)+string(m.Headers[1].Value) != "b2" {
		t.Errorf("headers: %v", m.Headers)
	}
	b.Reset("")
	user(b, record.NewSchema(record.Name{Table: "carts"}, users().Columns), record.Insert, 1, "x")
	if err := sink.Write(t.Context(), b); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "carts") {
		t.Errorf("a table without topic: got %v, want a config error that names it", err)
	}
}

func TestRefusedAtStart(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	known := fmt.Sprintf(`"topic":%q`, topic)
	for _, tt := range []struct {
		name, parameters string
		act              func(w plugin.Writer) error
		class            errclass.Class
		want             string
	}{
		{"unknown topic", `"topic":"nowhere"`, func(w plugin.Writer) error { _, err := w.Open(t.Context(), plugin.Task{Of: 1}); return err },
			errclass.Config, `topic "nowhere" does not exist`},
		{"unknown topic, asked for", `"topic":"nowhere"`, func(w plugin.Writer) error { return w.(plugin.Prober).Probe(t.Context()) },
			errclass.Config, "kafka-topics.sh"},
		{"order over two channels", known + `,"dataCompelOrder":true`, func(w plugin.Writer) error { _, err := w.Open(t.Context(), plugin.Task{Of: 2}); return err },
			errclass.Config, "dataCompelOrder"},
		{"no such key column", known + `,"partitionAssignColumns":["nmae"]`, func(w plugin.Writer) error {
			return w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{users()})
		}, errclass.Config, `no column "nmae"`},
		{"all is well", known, func(w plugin.Writer) error {
			return errors.Join(w.(plugin.Prober).Probe(t.Context()), w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{users(0)}))
		}, errclass.Permanent, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.act(build(t, kafka.Addr(), tt.parameters))
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || errclass.Of(err) != tt.class || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v (%v), want %q (%v)", err, errclass.Of(err), tt.want, tt.class)
			}
		})
	}
}

// A broker that dies amid a job and comes back costs no row, whoever of several
// channels is writing.
func TestBrokerKilled(t *testing.T) {
	kafka := servers.StartKafka(t)
	topic := kafka.Topic(t, 4)
	w := build(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"json"`, topic))
	s := users(0)
	const channels, least, apart = 3, 20, 10_000_000
	down := make(chan struct{})
	counts, errs := make([]int, channels), make(chan error, channels)
	for c := range channels {
		sink, err := w.Open(t.Context(), plugin.Task{Channel: c, Of: channels})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer func() { _ = sink.Close() }()
			b := record.NewBatch(0, 0)
			for running := true; running || counts[c] < least; counts[c]++ {
				b.Reset("")
				for i := range 1000 {
					user(b, s, record.Insert, int64(c*apart+counts[c]*1000+i), "x")
				}
				if err := sink.Write(t.Context(), b); err != nil {
					errs <- err
					return
				}
				select {
				case <-down:
					running = false
				default:
				}
			}
			errs <- sink.(plugin.Flusher).Flush(t.Context())
		}()
	}
	kafka.Kill()
	kafka.Restart()
	close(down)
	for range channels {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]bool{}
	total := 0
	for p, list := range topics.Read(t, kafka.Addr(), topic) {
		last := make([]int, channels) // of each channel in this partition
		for _, m := range list {
			id, err := strconv.Atoi(string(m.Key))
			if err != nil || seen[id] {
				t.Fatalf("partition %d: row %s is there twice, or none of ours: %v", p, m.Key, err)
			}
			seen[id] = true
			if c := id / apart; id < last[c] {
				t.Fatalf("partition %d: row %d comes after row %d", p, id, last[c])
			} else {
				last[c] = id
			}
			total++
		}
	}
	want := 0
	for _, n := range counts {
		want += n * 1000
	}
	if total != want {
		t.Errorf("the topic holds %d rows, want %d", total, want)
	}
}
