package kafka

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

// formats are the formats that write changes, and what their job files say more.
var formats = map[string]string{
	"flinkx": `"pavingData":true`, "canal-json": ``, "debezium-json": `"formatOptions":{"schemas":true}`, "maxwell-json": ``,
	"cloudevents": `"formatOptions":{"mode":"binary"},"headers":{"a":"b"}`, "avro": `"formatOptions":{"unsigned":"precise"}`, "json-schema": ``,
}

// What a format writes into a topic its decoder makes changes of again.
func TestFormats(t *testing.T) {
	kafka := servers.Kafka(t)
	for format, more := range formats {
		t.Run(format, func(t *testing.T) {
			topic := kafka.Topic(t, 1)
			schemas := changes.NewRegistry(t, false)
			parameters := fmt.Sprintf(`"topic":%q,"format":%q`, topic, format)
			if more != "" {
				parameters += "," + more
			}
			if msgfmt.NeedsRegistry(format) {
				parameters += fmt.Sprintf(`,"schemaRegistry":{"url":%q}`, schemas.URL)
			}
			w := build(t, kafka.Addr(), parameters)
			sink, err := w.Open(t.Context(), plugin.Task{Of: 1})
			if err != nil {
				t.Fatal(err)
			}
			put(t, sink, changes.Users(w.(plugin.MetaUser).Meta()...))
			if err := sink.Close(); err != nil {
				t.Fatal(err)
			}
			c := *defaults()
			c.Registry.URL = []string{schemas.URL}
			c.Format = format
			inner := &writer{config: &c}
			client, err := inner.registry()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = inner.Close() }()
			d, err := msgfmt.NewDecoder(msgfmt.Settings{Format: format, Config: c.FormatOptions, Registry: client})
			if err != nil {
				t.Fatal(err)
			}
			b := record.NewBatch(100, 1<<20)
			for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
				in := changefmt.Message{Topic: topic, Key: m.Key, Value: m.Value}
				for _, h := range m.Headers {
					in.Headers = append(in.Headers, changefmt.Header{Name: string(h.Key), Value: h.Value})
				}
				if format == "cloudevents" && (len(in.Headers) < 10 || in.Headers[0].Name != "a") {
					t.Errorf("headers %v", in.Headers)
				}
				if change, err := d.Decode(t.Context(), &in, b); err != nil || change != nil {
					t.Fatalf("%v, %v of %s", change, err, m.Value)
				}
			}
			var got []string
			for i := range b.Len() {
				r := b.Row(i)
				got = append(got, r.Op().String()+" "+string(r.AppendText(nil, r.Schema().Index("id"))))
			}
			want := []string{"insert 1", "insert 18446744073709551615", "update-before 2", "update-after 2", "delete 2", "delete 3", "insert 4", "update-after 5"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An update of the key is one message where both keys lie in one partition, and a
// delete and an insert where they do not.
func TestMovedKeys(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 2)
	s := users(0)
	b := record.NewBatch(0, 0)
	together, apart := int64(-1), int64(-1)
	for id := int64(2); together < 0 || apart < 0; id++ {
		if kafkakit.Partition(fmt.Append(nil, id), 2) == kafkakit.Partition([]byte("1"), 2) {
			together = id
		} else {
			apart = id
		}
	}
	for _, to := range []int64{together, apart} {
		user(b, s, record.Delete, 1, "a")
		user(b, s, record.Insert, to, "a")
		b.Link()
	}
	put(t, open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"canal-json"`, topic), plugin.Task{Of: 1}), b)
	var got []string
	for p, list := range topics.Read(t, kafka.Addr(), topic) {
		for _, m := range list {
			var body struct {
				Type string
				Data []map[string]string
			}
			if err := json.Unmarshal(m.Value, &body); err != nil || m.Key != nil {
				t.Fatal(err, m.Key)
			}
			got = append(got, fmt.Sprint(p, body.Type, body.Data[0]["id"]))
		}
	}
	home := kafkakit.Partition([]byte("1"), 2)
	want := []string{fmt.Sprint(home, "UPDATE", together), fmt.Sprint(home, "DELETE", 1), fmt.Sprint(1-home, "INSERT", apart)}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Topics by the parts of a table's name are created, a delete leaves a tombstone,
// and a schema change is an event in the table's topic.
func TestTopicsOfTables(t *testing.T) {
	kafka := servers.Kafka(t)
	prefix := kafka.Topic(t, 1)
	w := build(t, kafka.Addr(), fmt.Sprintf(`"topic":"%s.${schema}.${table}","format":"debezium-json","tombstones":true,"createTopics":true,"topicPartitions":3,"topicConfig":{"cleanup.policy":"compact"}`, prefix))
	if err := w.(plugin.Prober).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	sink, err := w.Open(t.Context(), plugin.Task{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Close() }()
	users := users(0)
	odd := record.NewSchema(record.Name{Database: "shop", Table: "a b"}, users.Columns, 0)
	b := record.NewBatch(0, 0)
	user(b, users, record.Insert, 1, "a")
	user(b, users, record.Delete, 1, "a")
	user(b, odd, record.Insert, 1, "a")
	put(t, sink, b)
	change := &record.Change{Kind: record.Alter, Name: users.Name, To: users, SQL: "ALTER TABLE users ADD x int"}
	for range 2 {
		if err := w.(plugin.Migrator).Migrate(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	lists := topics.Read(t, kafka.Addr(), prefix+".shop.users")
	if len(lists) != 3 {
		t.Fatalf("%d partitions, want 3", len(lists))
	}
	var got []string
	for _, list := range lists {
		for _, m := range list {
			var body struct {
				Op, DDL string
			}
			if m.Value != nil {
				if err := json.Unmarshal(m.Value, &body); err != nil {
					t.Fatal(err)
				}
			}
			got = append(got, string(m.Key)+" "+body.Op+body.DDL)
		}
	}
	want := []string{`{"id":1} c`, `{"id":1} d`, `{"id":1} `, `{"databaseName":"shop"} ALTER TABLE users ADD x int`, `{"databaseName":"shop"} ALTER TABLE users ADD x int`}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(slices.Concat(topics.Read(t, kafka.Addr(), prefix+".shop.a_b")...)); n != 1 {
		t.Errorf("the other table's topic holds %d messages, want 1", n)
	}
}

func TestTransactionTopic(t *testing.T) {
	kafka := servers.Kafka(t)
	topic, marks := kafka.Topic(t, 1), kafka.Topic(t, 1)
	parameters := fmt.Sprintf(`"topic":%q,"format":"debezium-json","transactionTopic":%q`, topic, marks)
	sink := open(t, kafka.Addr(), parameters, plugin.Task{Of: 1})
	s := changefmt.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{{Name: "id", Kind: record.Int64}}, []int{0}, []string{"_txid"})
	add := func(b *record.Batch, id int64, tx string) {
		b.Begin(s, record.Insert)
		b.Int64(id)
		b.Text(record.String, tx)
	}
	b := record.NewBatch(0, 0)
	add(b, 1, "7")
	add(b, 2, "7")
	add(b, 3, "8")
	if err := sink.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	b.Reset("0")
	add(b, 4, "8")
	b.Mark([]byte(`{}`), changes.Now)
	put(t, sink, b)
	var got []string
	for _, m := range topics.Read(t, kafka.Addr(), marks)[0] {
		var v struct {
			Status, ID string
			Count      int `json:"event_count"`
		}
		if err := json.Unmarshal(m.Value, &v); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(v.Status, " ", v.ID, " ", v.Count))
	}
	for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
		_, tx, _ := strings.Cut(string(m.Value), `"transaction":`)
		tx, _, _ = strings.Cut(tx, `,"op"`)
		got = append(got, tx)
	}
	want := []string{"BEGIN 7 0", "END 7 2", "BEGIN 8 0", "END 8 2",
		`{"id":"7","total_order":1,"data_collection_order":1}`, `{"id":"7","total_order":2,"data_collection_order":2}`,
		`{"id":"8","total_order":1,"data_collection_order":1}`, `{"id":"8","total_order":2,"data_collection_order":2}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := build(t, kafka.Addr(), parameters).Open(t.Context(), plugin.Task{Of: 2}); errclass.Of(err) != errclass.Config {
		t.Errorf("two channels: got %v, want a config error", err)
	}
}

// The last message of each transaction of the source says so in maxwell-json,
// where one channel has all of them; one that goes on in the next batch does not.
func TestCommits(t *testing.T) {
	kafka := servers.Kafka(t)
	for of, want := range map[int][]string{
		1: {"1 false", "2 false", "3 true", "4 false", "5 true"},
		2: {"1 false", "2 false", "3 false", "4 false", "5 false"},
	} {
		topic := kafka.Topic(t, 1)
		sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"maxwell-json"`, topic), plugin.Task{Of: of})
		s := changefmt.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{{Name: "id", Kind: record.Int64}}, []int{0}, []string{"_txid"})
		b := record.NewBatch(0, 0)
		add := func(id int64, op record.Op, tx string) {
			b.Begin(s, op)
			b.Int64(id)
			b.Text(record.String, tx)
		}
		add(1, record.Insert, "7")
		add(2, record.Insert, "7")
		add(3, record.UpdateBefore, "7")
		add(3, record.UpdateAfter, "7")
		add(4, record.Insert, "8")
		if err := sink.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		b.Reset("0")
		add(5, record.Delete, "8")
		b.Mark([]byte(`{}`), changes.Now)
		put(t, sink, b)
		var got []string
		for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
			var v struct {
				Commit bool
				Data   struct{ ID int }
			}
			if err := json.Unmarshal(m.Value, &v); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(v.Data.ID, " ", v.Commit))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d channels (-want +got):\n%s", of, diff)
		}
	}
}

// With a registry that is away no row is lost: the error is transient.
func TestRegistryFaults(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	schemas := changes.NewRegistry(t, false)
	parameters := fmt.Sprintf(`"topic":%q,"format":"avro","formatOptions":{"envelope":"none"},"schemaRegistry":{"url":%q}`, topic, schemas.URL)
	for _, tt := range []struct {
		name  string
		spoil func()
		class errclass.Class
	}{
		{"away", func() { schemas.Failures = 100 }, errclass.Transient},
		{"refused", func() { schemas.Failures, schemas.Refuse = 0, topic+"-value" }, errclass.Config},
		{"login", func() { schemas.Refuse, schemas.User = "", "me" }, errclass.Config},
	} {
		tt.spoil()
		sink := open(t, kafka.Addr(), parameters, plugin.Task{Of: 1})
		if err := sink.Write(t.Context(), two(users(0))); errclass.Of(err) != tt.class {
			t.Errorf("%s: got %v (%v), want %v", tt.name, err, errclass.Of(err), tt.class)
		}
	}
}

func TestFormatConfigs(t *testing.T) {
	base := `"topic":"t","producerSettings":{"bootstrap.servers":"a:1"}`
	for _, tt := range []struct{ parameters, want string }{
		{`"format":"avro"`, "schemaRegistry"},
		{`"format":"avro","formatOptions":{"decimals":"double"},"schemaRegistry":{"url":"http://a:1"}`, "double"},
		{`"format":"avro","schemaRegistry":{"url":"ftp://a:1"}`, "http://"},
		{`"format":"canal-json","tombstones":true`, "tombstones"},
		{`"format":"canal-json","transactionTopic":"x"`, "transactionTopic"},
		{`"schemaChangeTopic":"${tabel}"`, "${tabel}"},
	} {
		err := plugintest.WriterError(Info(), "{"+base+","+tt.parameters+"}")(t)
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want a config error with %q", tt.parameters, err, tt.want)
		}
	}
}

// TestOneBadTable is told as one where each table has a topic of its own, before
// any row is taken.
func TestOneBadTable(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	b := record.NewBatch(0, 0)
	for i, name := range []string{"good", "bad"} {
		b.Begin(record.NewSchema(record.Name{Database: "shop", Table: name}, []record.Column{{Name: "id", Kind: record.Int64}}, 0), record.Insert)
		b.Int64(int64(i))
	}
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"tableIdToTopicMapping":{"good":%q},"format":"canal-json"`, topic), plugin.Task{Of: 1})
	err := sink.Write(t.Context(), b)
	if tables := plugin.TableErrors(err); len(tables) != 1 || tables[0].Table.Table != "bad" {
		t.Errorf("got %v", err)
	}
	if err := sink.(plugin.Flusher).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := topics.Read(t, kafka.Addr(), topic)[0]; len(got) != 0 {
		t.Errorf("%d rows were taken", len(got))
	}
}
