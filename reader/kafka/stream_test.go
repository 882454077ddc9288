package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// open plans a reader for so many channels.
func plan(t testing.TB, r plugin.Reader, channels int) []plugin.Progress {
	t.Helper()
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: channels})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]plugin.Progress, len(splits))
	for i := range splits {
		all[i].Split = splits[i]
	}
	return all
}

// collect reads so many rows, spelled by their first column, of one split, and
// moves its progress to the last mark.
func collect(t testing.TB, r plugin.Reader, p *plugin.Progress, rows int) (got []string) {
	t.Helper()
	s, err := r.Open(t.Context(), *p)
	if err != nil {
		t.Fatal(err)
	}
	defer closeSource(t, s)
	for len(got) < rows {
		b := record.NewBatch(7, 0)
		b.Reset(p.Split.ID)
		if err := s.Fill(t.Context(), b); err != nil {
			t.Fatalf("after %d of %d rows: %v", len(got), rows, err)
		}
		for i := range b.Len() {
			got = append(got, string(b.Row(i).AppendText(nil, 0)))
		}
		for _, m := range b.Marks() {
			p.Position = m.Position
		}
	}
	return got
}

func closeSource(t testing.TB, s plugin.Source) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func newReaderOf(t testing.TB, addr, topic string, more fields) plugin.Reader {
	t.Helper()
	r := plugintest.NewReader(t, Info(), parameters(t, addr, topic, more))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestDealtAnew reads with four channels, then two, then four again: nothing is
// lost, nothing doubled, and no split has the name of one before.
func TestDealtAnew(t *testing.T) {
	k := servers.Kafka(t)
	one, two := k.Topic(t, 3), k.Topic(t, 2)
	var want []string
	var messages []*sarama.ProducerMessage
	for i := range 500 {
		text := fmt.Sprint(i)
		want = append(want, text)
		if i%5 < 3 {
			messages = append(messages, value(one, int32(i%5), text))
		} else {
			messages = append(messages, value(two, int32(i%5-3), text))
		}
	}
	produce(t, k, messages...)
	r := newReaderOf(t, k.Addr(), one+", "+two, nil)
	stored := plan(t, r, 4)
	names := map[string]bool{}
	var got []string
	for round, channels := range []int{4, 2, 4, 1} {
		var err error
		if stored, err = r.(plugin.Resumer).Resume(t.Context(), channels, stored); err != nil {
			t.Fatal(err)
		}
		if len(stored) != channels {
			t.Fatalf("%d channels have %d splits", channels, len(stored))
		}
		for i := range stored {
			if round > 0 && names[stored[i].Split.ID] {
				t.Errorf("split %s was there before", stored[i].Split.ID)
			}
			names[stored[i].Split.ID] = true
			if channels > 1 {
				got = append(got, collect(t, r, &stored[i], 20)...)
			}
		}
	}
	got = append(got, collect(t, r, &stored[0], len(want)-len(got))...)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d rows came, want %d, the same ones", len(got), len(want))
	}
}

// TestAddedPartition has partitions added to a topic while it is read: each is
// read from its beginning, by one split.
func TestAddedPartition(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 2)
	r := newReaderOf(t, k.Addr(), topic, fields{"mode": "latest-offset", "consumerSettings": fields{"metadata.max.age.ms": 50}})
	stored := plan(t, r, 2)
	var open []plugin.Source
	for _, p := range stored {
		s, err := r.Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		defer closeSource(t, s)
		open = append(open, s)
	}
	grow(t, k, topic, 4)
	produce(t, k, value(topic, 0, "a"), value(topic, 2, "c"), value(topic, 1, "b"), value(topic, 3, "d"))
	for i, s := range open {
		var got []string
		for len(got) < 2 {
			b := &record.Batch{}
			b.Reset("")
			if err := s.Fill(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			for n := range b.Len() {
				got = append(got, string(b.Row(n).AppendText(nil, 0)))
			}
			stored[i].Position = b.Marks()[0].Position
		}
		slices.Sort(got)
		if want := [][]string{{"a", "c"}, {"b", "d"}}[i]; !slices.Equal(got, want) {
			t.Errorf("split %d: got %v, want %v", i, got, want)
		}
		if want := fmt.Sprintf(`{"%d":1,"%d":1}`, i, i+2); !strings.Contains(string(stored[i].Position), want) {
			t.Errorf("split %d: the position is %s, want %s in it", i, stored[i].Position, want)
		}
	}
}

// grow adds partitions to a topic.
func grow(t testing.TB, k servers.KafkaServer, topic string, partitions int32) {
	t.Helper()
	admin := administrator(t, k)
	if err := admin.CreatePartitions(topic, partitions, nil, false); err != nil {
		t.Fatal(err)
	}
	awaitPartition(t, k, topic, partitions-1)
}

// awaitPartition waits until a partition that was made can be asked for: the
// answer to its making comes before it has a leader.
func awaitPartition(t testing.TB, k servers.KafkaServer, topic string, partition int32) {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V3_6_0_0
	client, err := sarama.NewClient([]string{k.Addr()}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		err := client.RefreshMetadata(topic)
		if err == nil {
			if _, err = client.GetOffset(topic, partition, sarama.OffsetNewest); err == nil {
				return
			}
		}
		select {
		case <-look.C:
		case <-t.Context().Done():
			t.Fatalf("partition %d of %s is not there: %v", partition, topic, err)
		}
	}
}

func administrator(t testing.TB, k servers.KafkaServer) sarama.ClusterAdmin {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V3_6_0_0
	admin, err := sarama.NewClusterAdmin([]string{k.Addr()}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	return admin
}

// TestModes begins in each mode.
func TestModes(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 2)
	var messages []*sarama.ProducerMessage
	for i := range 10 {
		m := value(topic, int32(i%2), fmt.Sprint(i))
		m.Timestamp = time.UnixMilli(int64(1_700_000_000_000 + i*1000))
		messages = append(messages, m)
	}
	produce(t, k, messages...)
	group := "modes-" + topic
	r := newReaderOf(t, k.Addr(), topic, fields{"groupId": group})
	if err := tell(t, r, topic, `{"0":4,"1":3}`); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		more fields
		want string // where the partitions begin
	}{
		"earliest":         {fields{"mode": "earliest-offset", "offset": "EARLIEST", "timestamp": 5}, `{"0":0,"1":0}`},
		"latest":           {fields{"mode": "latest-offset", "offset": "EARLIEST"}, `{"0":5,"1":5}`},
		"timestamp":        {fields{"mode": "timestamp", "timestamp": 1_700_000_008_000}, `{"0":4,"1":4}`},
		"timestamp, later": {fields{"mode": "timestamp", "timestamp": 1_700_000_008_500}, `{"0":5,"1":4}`},
		"group":            {fields{"mode": "group-offsets", "groupId": group}, `{"0":4,"1":3}`},
		"default group":    {fields{"mode": "", "consumerSettings": fields{"group.id": group}, "groupId": ""}, `{"0":4,"1":3}`},
		"specific":         {fields{"mode": "specific-offsets", "offset": "partition:0,offset:1;partition:1,offset:2"}, `{"0":1,"1":2}`},
		"specific, topic":  {fields{"mode": "specific-offsets", "offset": "topic:" + topic + ",partition:1,offset:2", "groupId": group}, `{"0":4,"1":2}`},
		"no group":         {fields{"mode": "group-offsets", "groupId": "nobody"}, `{"0":5,"1":5}`},
		"no group, reset":  {fields{"mode": "group-offsets", "groupId": "nobody", "consumerSettings": fields{"auto.offset.reset": "earliest"}}, `{"0":0,"1":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(plan(t, newReaderOf(t, k.Addr(), topic, tt.more), 1)[0].Split.Spec); !strings.Contains(got, `"starts":{"`+topic+`":`+tt.want+`}`) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	for name, more := range map[string]fields{
		"no group, no reset": {"mode": "group-offsets", "groupId": "nobody", "consumerSettings": fields{"auto.offset.reset": "none"}},
		"no such partition":  {"mode": "specific-offsets", "offset": "partition:7,offset:1"},
	} {
		if _, err := plugintest.Plan(t.Context(), newReaderOf(t, k.Addr(), topic, more), plugin.Plan{Channels: 1}); errclass.Of(err) != errclass.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tell acknowledges a position.
func tell(t testing.TB, r plugin.Reader, topic, offsets string) error {
	t.Helper()
	s, err := r.Open(t.Context(), plan(t, r, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer closeSource(t, s)
	return s.(plugin.Acker).Ack(t.Context(), fmt.Appendf(nil, `{"v":1,"at":"","offsets":{%q:%s}}`, topic, offsets))
}

// TestBoundedRuns drains a topic twice: the second run has what came between.
func TestBoundedRuns(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 2)
	produce(t, k, value(topic, 0, "a"), value(topic, 1, "b"))
	r := newReaderOf(t, k.Addr(), topic, fields{"boundedMode": "latest-offset", "mode": "earliest-offset"})
	var last []plugin.Progress
	drain := func() (rows []string) {
		splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 2, Last: last})
		if err != nil {
			t.Fatal(err)
		}
		produce(t, k, value(topic, 0, "later")) // is of the next run
		last = nil
		for _, s := range splits {
			g, err := plugintest.DrainSplit(t.Context(), r, plugin.Progress{Split: s}, plugintest.Options{Cells: plugintest.Texts})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range g.Rows {
				rows = append(rows, row[0])
			}
			p := plugin.Progress{Split: s, Done: true}
			if n := len(g.Marks); n > 0 {
				p.Position = g.Marks[n-1].Position
			}
			last = append(last, p)
		}
		slices.Sort(rows)
		return rows
	}
	if got := drain(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the first run has %v", got)
	}
	grow(t, k, topic, 3)
	produce(t, k, value(topic, 1, "c"), value(topic, 2, "d"))
	if got := drain(); !slices.Equal(got, []string{"c", "d", "later"}) {
		t.Errorf("the second run has %v", got)
	}
	if got := drain(); !slices.Equal(got, []string{"later"}) {
		t.Errorf("the third run has %v", got)
	}
}

// TestGone asks for offsets that retention has removed.
func TestGone(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 1)
	var messages []*sarama.ProducerMessage
	for i := range 10 {
		messages = append(messages, value(topic, 0, fmt.Sprint(i)))
	}
	produce(t, k, messages...)
	if err := administrator(t, k).DeleteRecords(topic, map[int32]int64{0: 6}); err != nil {
		t.Fatal(err)
	}
	at := func(offset int) json.RawMessage {
		return fmt.Appendf(nil, `{"v":1,"at":"","offsets":{%q:{"0":%d}}}`, topic, offset)
	}
	for name, tt := range map[string]struct {
		reset string
		from  int
		want  string // the first row, or the error
	}{
		"behind":          {"", 2, "it begins at 6: go on with what is there by auto.offset.reset earliest"},
		"ahead":           {"", 20, ": the topic was made anew, or records were lost"},
		"none":            {"none", 2, "or start over with -fresh"},
		"earliest":        {"earliest", 2, "6"},
		"ahead, earliest": {"earliest", 20, "6"},
		"latest":          {"latest", 2, "new"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReaderOf(t, k.Addr(), topic, fields{"consumerSettings": fields{"auto.offset.reset": tt.reset}})
			p := plan(t, r, 1)[0]
			p.Position = at(tt.from)
			s, err := r.Open(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			defer closeSource(t, s)
			got, err := first(t.Context(), s, func() {
				if tt.want == "new" {
					produce(t, k, value(topic, 0, "new"))
				}
			})
			if err != nil {
				if errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v (%v), want %s", err, errclass.Of(err), tt.want)
				}
			} else if got != tt.want {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		})
	}
}

// first returns the first row of a source; idle is called where there is a
// position without rows before it.
func first(ctx context.Context, s plugin.Source, idle func()) (string, error) {
	for {
		b := &record.Batch{}
		b.Reset("")
		if err := s.Fill(ctx, b); err != nil {
			return "", err
		}
		if b.Len() > 0 {
			return string(b.Row(0).AppendText(nil, 0)), nil
		}
		idle()
	}
}

// awaitTopic waits until the broker tells clients of a topic that was created.
func awaitTopic(t *testing.T, admin sarama.ClusterAdmin, topic string) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		found, err := admin.DescribeTopics([]string{topic})
		switch {
		case err != nil:
			t.Fatal(err)
		case len(found) == 1 && errors.Is(found[0].Err, sarama.ErrNoError) && len(found[0].Partitions) > 0:
			return
		}
		select {
		case <-look.C:
		case <-t.Context().Done():
			t.Fatalf("no topic %s", topic)
		}
	}
}

// TestTopicMadeAnew: the offsets of a topic that was deleted mean nothing in
// its successor.
func TestTopicMadeAnew(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 1)
	r := newReaderOf(t, k.Addr(), topic, nil)
	p := plan(t, r, 1)[0]
	admin := administrator(t, k)
	if err := admin.DeleteTopic(topic); err != nil {
		t.Fatal(err)
	}
	detail := &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}
	for errors.Is(admin.CreateTopic(topic, detail, false), sarama.ErrTopicAlreadyExists) { // it is deleted soon
		if t.Context().Err() != nil {
			t.Fatal("the topic was not deleted")
		}
	}
	awaitTopic(t, admin, topic)
	_, err := r.Open(t.Context(), p)
	if errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
	missing := newReaderOf(t, k.Addr(), topic+"-none", nil)
	if _, err := plugintest.Plan(t.Context(), missing, plugin.Plan{Channels: 1}); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a missing topic: %v", err)
	}
	if err := missing.(plugin.Prober).Probe(t.Context()); errclass.Of(err) != errclass.Permanent && errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("probing a missing topic: %v", err)
	}
}

// TestTransactions: records of a transaction that was taken back are never
// read, and the position moves over them; with read_uncommitted they are.
func TestTransactions(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 1)
	p := producer(t, k, topic)
	run := func(text string, end func() error) {
		t.Helper()
		if err := p.BeginTxn(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.SendMessage(value(topic, 0, text)); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	run("a", p.CommitTxn)
	run("b", p.AbortTxn)
	run("c", p.CommitTxn)
	run("d", p.AbortTxn)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for level, want := range map[string][]string{"read_committed": {"a", "c"}, "": {"a", "c"}, "read_uncommitted": {"a", "b", "c", "d"}} {
		r := newReaderOf(t, k.Addr(), topic, fields{"consumerSettings": fields{"isolation.level": level}})
		s, err := r.Open(t.Context(), plan(t, r, 1)[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var position string
		for !strings.Contains(position, `/0:8"`) {
			b := &record.Batch{}
			b.Reset("")
			if err := s.Fill(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			for i := range b.Len() {
				got = append(got, string(b.Row(i).AppendText(nil, 0)))
			}
			position = string(b.Marks()[0].Position)
		}
		closeSource(t, s)
		if !slices.Equal(got, want) {
			t.Errorf("isolation.level %q: got %v, want %v", level, got, want)
		}
	}
}

// TestSchemaChange: a schema change is handed on behind a mark before it, so
// that who begins there again meets it again, and the stream goes on after it.
func TestSchemaChange(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 1)
	row := func(id int) string {
		return fmt.Sprintf(`{"data":[{"id":"%d"}],"mysqlType":{"id":"bigint"},"pkNames":["id"],"database":"d","table":"t","type":"INSERT","isDdl":false,"es":1}`, id)
	}
	produce(t, k, value(topic, 0, row(1)), value(topic, 0, `{"database":"d","table":"t","type":"ALTER","isDdl":true,"sql":"ALTER TABLE t ADD n int","es":2}`), value(topic, 0, row(2)))
	r := newReaderOf(t, k.Addr(), topic, fields{"format": "canal-json"})
	p := plan(t, r, 1)[0]
	var got []string
	read := func(s plugin.Source, until int) {
		for len(got) < until {
			b := &record.Batch{}
			b.Reset("")
			if err := s.Fill(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			for i := range b.Len() {
				got = append(got, string(b.Row(i).AppendText(nil, 0)))
			}
			p.Position = b.Marks()[0].Position
			if c := b.SchemaChange(); c != nil {
				got = append(got, c.SQL)
			}
		}
	}
	for _, until := range []int{2, 4} { // opened again behind the change, before anything came after it
		s, err := r.Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		read(s, until)
		closeSource(t, s)
	}
	if want := []string{"1", "ALTER TABLE t ADD n int", "ALTER TABLE t ADD n int", "2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
