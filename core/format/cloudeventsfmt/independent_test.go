package cloudeventsfmt_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/cloudeventsfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

// Somebody else's decoder finds the attributes that CloudEvents 1.0 requires, each
// a text, ids that differ, and the same row in both modes.
func TestIndependentDecoder(t *testing.T) {
	type event struct {
		attributes map[string]string
		data       string
	}
	read := func(binary bool) (all []event) {
		e := cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{Binary: binary})
		for _, m := range changes.Encode(t, e, changes.Users(e.Meta()...)) {
			ev := event{attributes: map[string]string{}, data: string(m.Value)}
			for _, h := range m.Headers {
				ev.attributes[strings.Replace(strings.TrimPrefix(h.Name, "ce_"), "content-type", "datacontenttype", 1)] = string(h.Value)
			}
			if !binary {
				var members map[string]json.RawMessage
				if err := json.Unmarshal(m.Value, &members); err != nil {
					t.Fatal(err)
				}
				for name, raw := range members {
					if name == "data" {
						ev.data = string(raw)
						continue
					}
					var text string
					if err := json.Unmarshal(raw, &text); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					ev.attributes[name] = text
				}
			}
			all = append(all, ev)
		}
		return all
	}
	structured, binary := read(false), read(true)
	ids := map[string]bool{}
	for i, ev := range structured {
		a := ev.attributes
		if a["specversion"] != "1.0" || a["type"] != "io.debezium.connector.mysql.DataChangeEvent" || a["source"] != "/debezium/mysql/datasync" || a["iodebeziumat"] != "bin.000001/000000000000000154" || a["datacontenttype"] != "application/json" || ids[a["id"]] {
			t.Fatalf("event %d: %v", i, a)
		}
		if at, err := time.Parse(time.RFC3339, a["time"]); err != nil || at.Unix() < 1_700_000_000 {
			t.Fatalf("time %q: %v", a["time"], err)
		}
		ids[a["id"]] = true
		var data struct{ Before, After map[string]any }
		if err := json.Unmarshal([]byte(ev.data), &data); err != nil || data.Before == nil && data.After == nil {
			t.Fatalf("%v in %s", err, ev.data)
		}
		if !maps.Equal(a, binary[i].attributes) || ev.data != binary[i].data {
			t.Fatalf("event %d differs in mode binary: %v", i, binary[i])
		}
		for name := range a {
			if strings.ContainsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
				t.Fatalf("attribute %q", name)
			}
		}
	}
	if len(structured) != len(binary) || len(slices.Collect(maps.Keys(ids))) != len(structured) {
		t.Errorf("%d events, %d ids", len(structured), len(ids))
	}
}

func TestSchemaChange(t *testing.T) {
	changes.SameChange(t, cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{}), cloudeventsfmt.NewDecoder(cloudeventsfmt.Options{}, nil, nil), true)
}

func TestBroken(t *testing.T) {
	good := changes.Encode(t, cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{}), changes.Users())
	changes.Broken(t, cloudeventsfmt.NewDecoder(cloudeventsfmt.Options{}, nil, nil), good[2].Value, `{"specversion":"1.0","data":{"after":{"a":1}}}`, `{"specversion":"1.0","iodebeziumop":"c","data":{}}`)
}

func FuzzDecoder(f *testing.F) {
	changes.Fuzz(f, cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{}), func() changefmt.Decoder {
		return cloudeventsfmt.NewDecoder(cloudeventsfmt.Options{}, nil, nil)
	})
}
