package kafka

import (
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// build returns a reader that is never asked to dial.
func build(t testing.TB, env plugin.Env, more fields) *reader {
	t.Helper()
	r, err := plugintest.BuildReader(env, Info(), parameters(t, "nobody:1", "topic", more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if s, ok := r.(*shaped); ok {
		return s.reader
	}
	return r.(*reader)
}

// TestMessages makes rows of messages.
func TestMessages(t *testing.T) {
	column := func(list ...any) fields { return fields{"codec": "json", "column": list} }
	latin := fields{"encoding": "ISO-8859-1"}
	keyed := fields{"codec": "json", "column": []any{fields{"name": "id", "type": "int"}, "v"}, "keyColumns": []string{"id"}}
	free := fields{"codec": "json", "keyColumns": []string{"id"}}
	for name, tt := range map[string]struct {
		more       fields
		key, value any // nil: null
		want       string
	}{
		"text":                       {nil, nil, "a,b", "message=string a,b"},
		"plain":                      {fields{"codec": "plain"}, nil, "a", "message=string a"},
		"text, null":                 {nil, "k", nil, "message=null"},
		"text, no UTF-8":             {nil, nil, "\xff", "not valid UTF-8"},
		"text, latin":                {latin, nil, "\xe4", "message=string ä"},
		"blank":                      {nil, nil, " ", "message=string  "},
		"blank, ignored":             {fields{"blankIgnore": true}, nil, " \n", ""},
		"null, ignored":              {fields{"blankIgnore": true}, nil, nil, ""},
		"object":                     {fields{"codec": "json"}, nil, `{"a":1,"b":{"c":[]}}`, `a=int64 1 b=json {"c":[]} message=string {"a":1,"b":{"c":[]}}`},
		"object with message":        {fields{"codec": "json"}, nil, `{"message":1.50}`, `message=decimal 1.50`},
		"object alone":               {fields{"codec": "json", "addMessage": false}, nil, `{"a":null}`, `a=null`},
		"no object":                  {fields{"codec": "json"}, nil, `[1]`, `message=string [1]`},
		"no JSON":                    {fields{"codec": "json"}, nil, `{"a":`, `message=string {"a":`},
		"member twice":               {fields{"codec": "json"}, nil, `{"a":1,"a":2}`, "the member is there twice"},
		"by deserialization":         {fields{"deserialization": "json", "addMessage": false}, nil, `{"a":1}`, `a=int64 1`},
		"columns":                    {column(fields{"name": "b", "type": "decimal(10,2)"}, "a", "missing"), nil, `{"a":"x","b":"1.5","c":0}`, "b=decimal 1.5 a=string x missing=null"},
		"columns, plain names, text": {fields{"codec": "text", "column": []string{"id", "name"}}, nil, `{"id":7,"name":"n"}`, "id=int64 7 name=string n"},
		"columns, no JSON":           {column("a"), nil, "x", "no valid JSON"},
		"columns, null":              {column("a"), nil, nil, "the message has no value"},
		"columns, message":           {column("a", "message"), nil, "x", "a=null message=string x"},
		"columns, message of object": {column("a", "message"), nil, `{"a":1}`, `a=int64 1 message=string {"a":1}`},
		"columns, member message":    {column("message"), nil, `{"message":null}`, "message=null"},
		"columns, bad value":         {column(fields{"name": "a", "type": "int"}), nil, `{"a":"x"}`, `column "a"`},
		"date with clock":            {column(fields{"name": "a", "type": "date", "format": "dd.MM.yyyy HH:mm"}), nil, `{"a":"02.01.2026 03:04"}`, "a=datetime 2026-01-02 03:04:00"},
		"star":                       {fields{"codec": "json", "column": []string{"*"}, "addMessage": false}, nil, `{"z":1}`, "z=int64 1"},
		"keyed":                      {keyed, "1", `{"v":"x","id":1}`, "op update-after id=int64 1 v=string x"},
		"keyed, no key":              {keyed, "1", `{"v":"x"}`, "lacks the key column"},
		"keyed, deleted":             {keyed, "1", nil, "op delete id=int64 1 v=absent"},
		"keyed, deleted by object":   {keyed, `{"id":"2"}`, nil, "op delete id=int64 2 v=absent"},
		"keyed, deleted by list":     {keyed, `[3]`, nil, "op delete id=int64 3 v=absent"},
		"keyed, deleted by bad list": {keyed, `[3,4]`, nil, "is no list of 1 values"},
		"keyed, deleted without key": {keyed, nil, nil, "neither value nor key"},
		"free":                       {free, nil, `{"id":1,"v":2}`, "op update-after id=int64 1 v=int64 2"},
		"free, deleted":              {free, "a", nil, "op delete id=string a"},
		"canal-json, broken":         {fields{"format": "canal-json"}, nil, `{"data":1}`, "no flat message of Canal"},
		"debezium-json, tombstone":   {fields{"format": "debezium-json"}, "k", nil, ""},
		"maxwell-json":               {fields{"format": "maxwell-json"}, nil, `{"database":"d","table":"t","type":"delete","ts":1,"data":{"id":5},"primary_key_columns":["id"]}`, "op delete id=int64 5"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := build(t, plugintest.Env(), tt.more).newDecoder()
			if err != nil {
				t.Fatal(err)
			}
			m := &changefmt.Message{Topic: "topic", Offset: 3, Key: raw(tt.key), Value: raw(tt.value)}
			for range 2 { // a decoder is used again
				b := &record.Batch{}
				b.Reset("")
				if got := decoded(t, d, m, b); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

func raw(v any) []byte {
	if v == nil {
		return nil
	}
	return []byte(v.(string))
}

func decoded(t testing.TB, d changefmt.Decoder, m *changefmt.Message, b *record.Batch) string {
	t.Helper()
	if _, err := d.Decode(t.Context(), m, b); err != nil {
		if errclass.Of(err) != errclass.Data || b.Len() != 0 {
			t.Errorf("%v (%v), and %d rows", err, errclass.Of(err), b.Len())
		}
		return err.Error()
	}
	var all []string
	for i := range b.Len() {
		cells := plugintest.Cells(b.Row(i))
		s := b.Row(i).Schema()
		for c := range cells {
			if n := c - (len(cells) - s.Data); n >= 0 {
				cells[c] = s.Columns[n].Name + "=" + cells[c]
			}
		}
		all = append(all, strings.Join(cells, " "))
	}
	return strings.Join(all, "; ")
}

// TestRefused: formats that are not read are refused by their name.
func TestRefused(t *testing.T) {
	for _, name := range []string{"ticdc", "ogg", "protobuf"} {
		_, err := plugintest.BuildReader(plugintest.Env(), Info(), parameters(t, "a:1", "t", fields{"deserialization": name}))
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), name+" is not read: let its tool write one of text, json, flinkx, canal-json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMetadata asks for all that a message has beside its value.
func TestMetadata(t *testing.T) {
	env := plugintest.Env()
	env.Meta = []string{"_optime", "_offset", "_partition", "_key", "_headers"}
	at := changefmt.Message{Topic: "topic", Partition: 4, Offset: 9, Key: []byte("k"), Value: []byte(`{"a":1}`), Headers: []changefmt.Header{{Name: "h", Value: []byte("v")}}}
	for _, more := range []fields{nil, {"codec": "json"}, {"codec": "json", "column": []string{"a"}}, {"codec": "json", "keyColumns": []string{"a"}}} {
		d, err := build(t, env, more).newDecoder()
		if err != nil {
			t.Fatal(err)
		}
		b := &record.Batch{}
		b.Reset("")
		decoded(t, d, &at, b)
		row := b.Row(0)
		var got []string
		for c := row.Schema().Data; c < len(row.Schema().Columns); c++ {
			got = append(got, row.Schema().Columns[c].Name+" "+string(row.AppendText(nil, c)))
		}
		if want := []string{"_optime ", "_offset 9", "_partition 4", "_key k", `_headers {"h":"v"}`}; !slices.Equal(got, want) {
			t.Errorf("%v: got %q, want %q", more, got, want)
		}
	}
}

// TestRejects: what cannot be read is handed on with its place, in order.
func TestRejects(t *testing.T) {
	s := &source{reader: build(t, plugintest.Env(), nil), decoder: &texts{schemas: newSchemas([]record.Column{{Name: messageColumn, Kind: record.String}}, nil, nil)}}
	s.record.Offset, s.record.Value = 42, []byte("\xfe")
	b := &record.Batch{}
	b.Reset("")
	p := &part{end: -1}
	p.Topic, p.ID = "orders", 3
	if change, err := s.decode(t.Context(), b, p); change != nil || err != nil {
		t.Fatal(change, err)
	}
	rejects := b.Rejects()
	if len(rejects) != 1 || string(rejects[0].Raw) != "\xfe" || !strings.HasPrefix(errclass.AsBadRow(0, rejects[0].Err).Err.Error(), "topic orders, partition 3, offset 42: ") || errclass.Of(rejects[0].Err) != errclass.Data {
		t.Errorf("got %+v", rejects)
	}
}

// TestPositions: what is written is read again.
func TestPositions(t *testing.T) {
	var parts []*part
	want := offsets{}
	for _, topic := range []string{"a", "b.c"} {
		for id := range int32(12) {
			p := &part{}
			p.Topic, p.ID = topic, id
			p.next.Store(int64(id) * 1000)
			parts = append(parts, p)
			want.set(p.TopicPartition, p.next.Load())
		}
	}
	for n := range len(parts) + 1 {
		text := appendPosition(nil, parts[:n])
		got, err := parsePosition(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		count := 0
		for topic, all := range got {
			for id, offset := range all {
				if want[topic][id] != offset {
					t.Errorf("%s/%d is at %d", topic, id, offset)
				}
				count++
			}
		}
		if count != n {
			t.Errorf("%d of %d partitions in %s", count, n, text)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"at":"t/0:1","offsets":{"t":{"0":1}}}`))
	f.Add([]byte(`{"v":1,"offsets":{"t":{"x":1}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := parsePosition(raw); err != nil && errclass.Of(err) != errclass.PositionLost {
			t.Errorf("%v (%v)", err, errclass.Of(err))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`{"id":12345,"name":"a name of some length","price":"19.95","at":"2026-01-02 03:04:05","count":7}`)
	for name, more := range map[string]fields{
		"text":    nil,
		"objects": {"codec": "json", "addMessage": false},
		"columns": {"codec": "json", "column": []any{fields{"name": "id", "type": "bigint"}, "name", fields{"name": "price", "type": "decimal"}, fields{"name": "at", "type": "timestamp"}, "count"}},
	} {
		b.Run(name, func(b *testing.B) {
			d, err := build(b, plugintest.Env(), more).newDecoder()
			if err != nil {
				b.Fatal(err)
			}
			m := &changefmt.Message{Topic: "topic", Value: text}
			batch := &record.Batch{}
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for range b.N {
				if batch.Full() || batch.Len() == 0 {
					batch.Reset("")
				}
				if _, err := d.Decode(b.Context(), m, batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
