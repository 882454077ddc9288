package kafka

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

// clock is go-metrics' one goroutine of the process, which the sarama client of
// the tests' topic reader starts.
func clock() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")
}

func TestContract(t *testing.T) {
	kafka := servers.Kafka(t)
	body := jsonfmt.NewEncoder()
	plugintest.Writer(t, plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			topic := kafka.Topic(t, 1)
			return plugintest.Destination{
				New: func(t testing.TB) plugin.Writer {
					return plugintest.NewWriter(t, Info(), fmt.Sprintf(`{"topic":%q,"format":"json","producerSettings":{"bootstrap.servers":%q}}`, topic, kafka.Addr()))
				},
				Rows: func(t testing.TB) (rows [][]string) {
					for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
						rows = append(rows, []string{string(m.Key), string(m.Value)})
					}
					return rows
				},
			}
		},
		Schemas: []*record.Schema{plugintest.AllKinds("t"), plugintest.Kinds("u", record.String, record.Int64)},
		Want: func(r record.Row) []string {
			value, err := body.AppendRow(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			return []string{string(r.AppendText(nil, 0)), string(value)}
		},
		Ordered: true,
		Bad: func(b *record.Batch, s *record.Schema) {
			b.Begin(s, record.Insert)
			for _, c := range s.Columns {
				switch c.Name {
				case "id":
					b.Int64(-1)
				case "c_string":
					b.String([]byte("\xff"))
				default:
					b.Null()
				}
			}
		},
		BadConfigs: map[string]func(testing.TB) error{
			"nothing":            plugintest.WriterError(Info(), `{}`),
			"no topic":           plugintest.WriterError(Info(), `{"producerSettings":{"bootstrap.servers":"a:1"}}`),
			"no brokers":         plugintest.WriterError(Info(), `{"topic":"t","producerSettings":{"acks":"all"}}`),
			"unknown format":     plugintest.WriterError(Info(), `{"topic":"t","format":"xml","producerSettings":{"bootstrap.servers":"a:1"}}`),
			"two topics":         plugintest.WriterError(Info(), `{"topics":["t","u"],"producerSettings":{"bootstrap.servers":"a:1"}}`),
			"topic and mapping":  plugintest.WriterError(Info(), `{"topic":"t","tableIdToTopicMapping":{"a":"b"},"producerSettings":{"bootstrap.servers":"a:1"}}`),
			"mapping is no JSON": plugintest.WriterError(Info(), `{"tableIdToTopicMapping":"a:b","producerSettings":{"bootstrap.servers":"a:1"}}`),
			"unknown zone":       plugintest.WriterError(Info(), `{"topic":"t","timezone":"Mars/North","producerSettings":{"bootstrap.servers":"a:1"}}`),
			"bad property":       plugintest.WriterError(Info(), `{"topic":"t","producerSettings":{"bootstrap.servers":"a:1","acks":"2"}}`),
		},
		Leaks: []goleak.Option{clock()},
	})
}
