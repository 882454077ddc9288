package matrix

import (
	stdbytes "bytes"
	"encoding/json"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// kafkaTarget is a topic that JSON objects are written to; it is no source.
type kafkaTarget struct {
	server servers.KafkaServer
	topic  string
	rows   []map[string]*string // once read
}

func openKafka(t *testing.T) database {
	s := servers.Kafka(t)
	return &kafkaTarget{server: s, topic: s.Topic(t, 1, "max.message.bytes=67108864")}
}

func (d *kafkaTarget) exec(*testing.T, string) {}

func (d *kafkaTarget) texts(t *testing.T, _ string, c column) map[int]*string {
	t.Helper()
	if d.rows == nil {
		for _, m := range topics.Read(t, d.server.Addr(), d.topic)[0] {
			d.rows = append(d.rows, jsonRow(t, json.NewDecoder(stdbytes.NewReader(m.Value))))
		}
	}
	return textsOf(t, d.rows, c, true)
}

func (d *kafkaTarget) columns(*testing.T, string) []string { return nil }

func (d *kafkaTarget) connection(string) fields {
	return fields{"topic": d.topic, "format": "json", "producerSettings": fields{"bootstrap.servers": d.server.Addr()}}
}

func (d *kafkaTarget) quote(name string) string { return name }
