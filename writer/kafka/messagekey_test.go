package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

var bought = record.NewSchema(record.Name{Database: "shop", Table: "orders"}, []record.Column{
	{Name: "id", Kind: record.Int64}, {Name: "customer", Kind: record.String}, {Name: "note", Kind: record.String}}, 0)

func order(b *record.Batch, op record.Op, id int64, texts ...string) {
	b.Begin(bought, op)
	b.Int64(id)
	for _, text := range texts {
		if text == "-" {
			b.Absent()
		} else {
			b.String([]byte(text))
		}
	}
}

// ordersChanges are an insert, an update that keeps the message key, one that
// changes it, one that does not say it, one of the primary key and a delete.
func ordersChanges() *record.Batch {
	b := record.NewBatch(0, 0)
	order(b, record.Insert, 1, "ann", "new")
	order(b, record.UpdateBefore, 1, "ann", "new")
	order(b, record.UpdateAfter, 1, "ann", "paid")
	order(b, record.UpdateBefore, 1, "ann", "paid")
	order(b, record.UpdateAfter, 1, "bob", "-")
	order(b, record.UpdateBefore, 1, "bob", "paid")
	order(b, record.UpdateAfter, 1, "-", "sent")
	order(b, record.Delete, 1, "bob", "sent")
	order(b, record.Insert, 2, "bob", "sent")
	b.Link()
	order(b, record.Delete, 2, "bob", "sent")
	return b
}

// TestMessageKeys has each format's messages under the key that messageKeys
// names. FlinkX's and Canal's forms of an update of the primary key stay.
func TestMessageKeys(t *testing.T) {
	kafka := servers.Kafka(t)
	for _, tt := range []struct {
		name, parameters string
		want             []string // key and value, as far as it tells
	}{
		{"debezium", `"format":"debezium-json","formatOptions":{"schemas":false},"tombstones":true`, []string{
			`ann "before":null,"after":{"id":1,"customer":"ann","note":"new"}`,
			`ann "before":{"id":1,"customer":"ann","note":"new"},"after":{"id":1,"customer":"ann","note":"paid"}`,
			`ann "before":{"id":1,"customer":"ann","note":"paid"},"after":null`, `ann <nil>`,
			`bob "before":null,"after":{"id":1,"customer":"bob","note":"paid"}`,
			`bob "before":{"id":1,"customer":"bob","note":"paid"},"after":{"id":1,"customer":"bob","note":"sent"}`,
			`bob "before":{"id":1,"customer":"bob","note":"sent"},"after":null`, `bob <nil>`,
			`bob "before":null,"after":{"id":2,"customer":"bob","note":"sent"}`,
			`bob "before":{"id":2,"customer":"bob","note":"sent"},"after":null`, `bob <nil>`}},
		{"json", `"format":"json"`, []string{
			`ann {"id":1,"customer":"ann","note":"new"}`, `ann {"id":1,"customer":"ann","note":"paid"}`, `ann <nil>`, `bob {"id":1,"customer":"bob","note":"paid"}`,
			`bob {"id":1,"customer":"bob","note":"sent"}`, `bob <nil>`, `bob {"id":2,"customer":"bob","note":"sent"}`, `bob <nil>`}},
		{"flinkx", `"format":"flinkx","split":true`, []string{
			`ann "type":"INSERT"`, `ann "type":"UPDATE_BEFORE"`, `ann "type":"UPDATE_AFTER"`, `ann "type":"DELETE"`, `bob "type":"INSERT"`,
			`bob "type":"UPDATE_BEFORE"`, `bob "type":"UPDATE_AFTER"`, `bob "type":"DELETE"`, `bob "type":"INSERT"`, `bob "type":"DELETE"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			topic := kafka.Topic(t, 1)
			sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"messageKeys":[{"table":"shop.*","columns":"customer"}],%s`, topic, tt.parameters), plugin.Task{Of: 1})
			put(t, sink, ordersChanges())
			messages := topics.Read(t, kafka.Addr(), topic)[0]
			if len(messages) != len(tt.want) {
				t.Errorf("%d messages, want %d", len(messages), len(tt.want))
			}
			for i, m := range messages {
				value := string(m.Value)
				if m.Value == nil {
					value = "<nil>"
				}
				if i >= len(tt.want) {
					t.Errorf("also %s %s", m.Key, value)
					continue
				}
				key, want, _ := strings.Cut(tt.want[i], " ")
				if !strings.Contains(string(m.Key), key) || strings.Contains(string(m.Key), "id") || !strings.Contains(value, want) {
					t.Errorf("message %d: %s %s, want %s", i, m.Key, value, tt.want[i])
				}
			}
		})
	}
}

// TestUnsaidMessageKeys refuses changes that do not say their message's key.
func TestUnsaidMessageKeys(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	sink := open(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"debezium-json","messageKeys":[{"table":"orders","columns":["customer"]}]`, topic), plugin.Task{Of: 1})
	b := record.NewBatch(0, 0)
	order(b, record.Delete, 1, "-", "-")
	order(b, record.UpdateBefore, 2, "-", "-")
	order(b, record.UpdateAfter, 2, "bob", "-")
	order(b, record.UpdateBefore, 3, "-", "-")
	order(b, record.UpdateAfter, 3, "-", "x")
	order(b, record.UpdateAfter, 4, "-", "x")
	order(b, record.Insert, 5, "ann", "x")
	err := sink.Write(t.Context(), b)
	refused, ok := err.(*errclass.Rows)
	if !ok {
		t.Fatalf("%v", err)
	}
	var bad []int
	for _, r := range refused.Bad {
		bad = append(bad, r.Index)
		if r.Column != "customer" || !strings.Contains(r.Err.Error(), "let the source log whole rows") {
			t.Errorf("%+v", r)
		}
	}
	if diff := cmp.Diff([]int{0, 2, 4, 5}, bad); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	flush(t, sink)
	if messages := topics.Read(t, kafka.Addr(), topic)[0]; len(messages) != 1 {
		t.Errorf("%d messages, want 1", len(messages))
	}
}

func TestFaultsOfMessageKeys(t *testing.T) {
	for _, tt := range []struct{ keys, want string }{
		{`{"columns":"a"}`, "messageKeys[0].table: is required"},
		{`{"table":"t"}`, "messageKeys[0].columns: is required"},
		{`{"table":["t","("],"columns":"a"}`, `messageKeys[0].table[1]: "(" is no regular expression`},
		{`{"table":"t","columns":["a","b","a"]}`, "messageKeys[0].columns[2]: column a is given twice"},
		{`{"table":"s.*","columns":"a"},{"table":["x","s.*"],"columns":"b"}`, "messageKeys[1].table[1]: table s.* has a key already, messageKeys[0]; keep one"},
	} {
		d, err := config.Inline(`{"topic":"t","brokerList":"127.0.0.1:1","messageKeys":[` + tt.keys + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(defaults()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.keys, err, tt.want)
		}
	}
	w := build(t, "127.0.0.1:1", `"topic":"t","semantic":"at-least-once","messageKeys":[{"table":"orders","columns":["customer","nope"]}]`)
	if err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{bought}); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), `messageKeys[0].columns: table shop.orders has no column "nope"`) {
		t.Errorf("%v", err)
	}
	for _, tt := range []struct {
		channels plugin.Channels
		refused  bool
	}{{plugin.Channels{Readers: 1, Writers: 4, Changes: true}, true}, {plugin.Channels{Readers: 4, Writers: 4}, false}, {plugin.Channels{Readers: 1, Writers: 1, Changes: true}, false}} {
		err := w.(plugin.Checker).Check(tt.channels)
		if (err != nil) != tt.refused || err != nil && !strings.Contains(err.Error(), "messageKeys: 4 channels write, and changes are dealt to them by the key of their table") {
			t.Errorf("%+v: %v", tt.channels, err)
		}
	}
	exact := build(t, "127.0.0.1:1", `"topic":"t","messageKeys":[{"table":"orders","columns":["customer"]}]`)
	if err := exact.(plugin.Checker).Check(plugin.Channels{Readers: 1, Writers: 4, Changes: true}); err != nil {
		t.Error(err)
	}
}
