package kafka

import (
	"fmt"
	"testing"

	"github.com/IBM/sarama"
	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestContract reads text, JSON by column, JSON as it is and changes of one
// partition each, in every number of channels.
func TestContract(t *testing.T) {
	k := servers.Kafka(t)
	for name, tt := range map[string]struct {
		more  fields
		value func(i int) string
		want  func(i int) [][]string
	}{
		"text": {nil, func(i int) string { return fmt.Sprintf("line %d", i) },
			func(i int) [][]string { return [][]string{{fmt.Sprintf("string line %d", i)}} }},
		"columns": {fields{"codec": "json", "column": []any{fields{"name": "id", "type": "bigint"}, fields{"name": "at", "type": "timestamp", "format": "yyyy-MM-dd HH:mm:ss"}, fields{"name": "c", "type": "string", "value": "x"}, "free"}},
			func(i int) string {
				return fmt.Sprintf(`{"at":"2026-01-02 03:04:%02d","free":%d.50,"id":"%d","more":1}`, i%60, i, i)
			},
			func(i int) [][]string {
				return [][]string{{fmt.Sprintf("int64 %d", i), fmt.Sprintf("timestamp 2026-01-02 03:04:%02dZ", i%60), "string x", fmt.Sprintf("decimal %d.50", i)}}
			}},
		"objects": {fields{"codec": "json"}, func(i int) string { return fmt.Sprintf(`{"id":%d,"b":null}`, i) },
			func(i int) [][]string {
				return [][]string{{fmt.Sprintf("int64 %d", i), "null", fmt.Sprintf(`string {"id":%d,"b":null}`, i)}}
			}},
		"canal-json": {fields{"format": "canal-json"}, func(i int) string {
			return fmt.Sprintf(`{"data":[{"id":"%d","n":"b"}],"old":[{"n":"a"}],"mysqlType":{"id":"bigint","n":"varchar(9)"},"pkNames":["id"],"database":"d","table":"t","type":"UPDATE","isDdl":false,"es":1}`, i)
		}, func(i int) [][]string {
			return [][]string{{"op update-before", fmt.Sprintf("int64 %d", i), "string a"}, {"op update-after", fmt.Sprintf("int64 %d", i), "string b"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			topic := k.Topic(t, 1)
			var messages []*sarama.ProducerMessage
			var want [][]string
			for i := range 300 {
				messages = append(messages, value(topic, 0, tt.value(i)))
				want = append(want, tt.want(i)...)
			}
			produce(t, k, messages...)
			plugintest.Reader(t, plugintest.ReaderSuite{
				New: func(t testing.TB) plugin.Reader {
					return plugintest.NewReader(t, Info(), parameters(t, k.Addr(), topic, tt.more))
				},
				Want: func(testing.TB) [][]string { return want }, Resumable: true, Endless: true, Leaks: []goleak.Option{clock()},
				Bad: badConfigs(),
			})
		})
	}
}

// TestContractBounded reads partitions, with transactions among them, up to
// where they ended.
func TestContractBounded(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 3)
	var want [][]string
	for i := range 10 {
		p := producer(t, k, fmt.Sprintf("%s-%d", topic, i))
		if err := p.BeginTxn(); err != nil {
			t.Fatal(err)
		}
		var messages []*sarama.ProducerMessage
		for n := range 40 {
			text := fmt.Sprintf("%d of %d", n, i)
			messages = append(messages, value(topic, int32(n%3), text))
			if i%3 != 1 {
				want = append(want, []string{"string " + text})
			}
		}
		if err := p.SendMessages(messages); err != nil {
			t.Fatal(err)
		}
		end := p.CommitTxn
		if i%3 == 1 {
			end = p.AbortTxn
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	plugintest.Reader(t, plugintest.ReaderSuite{
		New: func(t testing.TB) plugin.Reader {
			return plugintest.NewReader(t, Info(), parameters(t, k.Addr(), topic, fields{"boundedMode": "latest-offset"}))
		},
		Want: func(testing.TB) [][]string { return want }, Resumable: true, Unordered: true, Leaks: []goleak.Option{clock()},
		Bad: badConfigs(),
	})
}

func badConfigs() map[string]func(testing.TB) error {
	with := func(more string) func(testing.TB) error {
		return plugintest.ReaderError(Info(), `{"topic":"t","consumerSettings":{"bootstrap.servers":"a:1"}`+more+`}`)
	}
	return map[string]func(testing.TB) error{
		"nothing":                 plugintest.ReaderError(Info(), `{}`),
		"no topic":                plugintest.ReaderError(Info(), `{"topic":" , ","consumerSettings":{"bootstrap.servers":"a:1"}}`),
		"no brokers":              plugintest.ReaderError(Info(), `{"topic":"t","consumerSettings":{"zookeeper.connect":"a:1"}}`),
		"unknown mode":            with(`,"mode":"newest"`),
		"no timestamp":            with(`,"mode":"timestamp"`),
		"no offset":               with(`,"mode":"specific-offsets"`),
		"bad offset":              with(`,"mode":"specific-offsets","offset":"EARLIEST"`),
		"offset of another topic": with(`,"mode":"specific-offsets","offset":"topic:u,partition:0,offset:1"`),
		"ticdc":                   with(`,"deserialization":"ticdc"`),
		"two formats":             with(`,"deserialization":"canal-json","format":"json"`),
		"no registry":             with(`,"format":"avro"`),
		"columns of changes":      with(`,"format":"canal-json","column":["id"]`),
		"bad type":                with(`,"codec":"json","column":[{"name":"id","type":"number of"}]`),
		"bad constant":            with(`,"codec":"json","column":[{"name":"id","type":"int","value":"x"}]`),
		"column twice":            with(`,"codec":"json","column":["a","a"]`),
		"column without name":     with(`,"codec":"json","column":[{"type":"int"}]`),
		"key that is no column":   with(`,"codec":"json","column":["a"],"keyColumns":["b"]`),
		"keys of texts":           with(`,"keyColumns":["b"]`),
		"bad encoding":            with(`,"encoding":"Klingon"`),
		"bad zone":                with(`,"timezone":"Mars/North"`),
		"bad property":            plugintest.ReaderError(Info(), `{"topic":"t","consumerSettings":{"bootstrap.servers":"a:1","isolation.level":"serial"}}`),
	}
}
