package kafka

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/core/record"
)

// TestSchemaChangesExactlyOnce crashes at each step of a stream with schema
// changes, behind a position and amid a transaction, and goes on from where the
// ledger says: consumers of what is committed see rows and changes once, in
// their order.
func TestSchemaChangesExactlyOnce(t *testing.T) {
	kafka := servers.Kafka(t)
	s := users(0)
	steps := []string{"row", "row", "mark", "change", "row", "mark", "row", "change", "change", "row", "mark", "change", "mark", "change", "mark", "row", "mark"}
	changed, inserted := regexp.MustCompile(`"sql":"ALTER (\d+)"`), regexp.MustCompile(`"data":\[\{"id":"(\d+)"`)
	var want []string
	for i, step := range steps {
		if step == "row" || step == "change" {
			want = append(want, step+strconv.Itoa(i))
		}
	}
	for _, flushed := range []bool{false, true} { // after each mark, or at the end alone
		topic := kafka.Topic(t, 1)
		w := build(t, kafka.Addr(), fmt.Sprintf(`"topic":%q,"format":"canal-json"`, topic))
		b := record.NewBatch(0, 0)
		until := func(crash int) (ended bool) { // begins at the ledger's position
			task, at := mustClaim(t, w, topic)
			sink, err := w.Open(t.Context(), task)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = sink.Close() }()
			for i := at; i < len(steps); i++ {
				if i == crash {
					return false
				}
				marked := steps[i] == "mark"
				b.Reset("0")
				switch steps[i] {
				case "row":
					user(b, s, record.Insert, int64(i), "x")
				case "mark":
					b.Mark(strconv.AppendInt(nil, int64(i+1), 10), time.Time{})
				case "change":
					err = sink.(plugin.Changer).Change(t.Context(), &record.Change{Kind: record.Alter, Name: s.Name, From: s, To: s, SQL: "ALTER " + strconv.Itoa(i)})
				}
				if err == nil && (b.Len() > 0 || marked) {
					err = sink.Write(t.Context(), b)
				}
				if err == nil && marked && (flushed || i == len(steps)-1) {
					err = sink.(plugin.Flusher).Flush(t.Context())
				}
				if err != nil {
					t.Fatalf("step %d (%s): %v", i, steps[i], err)
				}
			}
			return true
		}
		for crash := 1; !until(crash); crash++ { // each step once more than the last time
		}
		mustClaim(t, w, topic) // a commit becomes visible before this one's
		var got []string
		for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
			if n := changed.FindSubmatch(m.Value); n != nil {
				got = append(got, "change"+string(n[1]))
			} else if n := inserted.FindSubmatch(m.Value); n != nil {
				got = append(got, "row"+string(n[1]))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("flushed %v: consumers see %v, want %v", flushed, got, want)
		}
	}
}
