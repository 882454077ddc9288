package metric_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/metric"
)

func TestMerge(t *testing.T) {
	one := metric.Part{Took: 3 * time.Second, Report: metric.Report{
		Accumulators: metric.Entries{{Name: "numRead", Value: int64(300)}, {Name: "endLocation", Value: "7"}},
		Rates:        metric.Entries{{Name: "numReadPerSecond", Value: 100.0}},
		TimeShares:   metric.Entries{{Name: "read", Value: 0.5}},
	}}
	two := metric.Part{Took: time.Second, Report: metric.Report{
		Accumulators: metric.Entries{{Name: "numRead", Value: int64(20)}, {Name: "endLocation", Value: "9"}},
		Rates:        metric.Entries{{Name: "numReadPerSecond", Value: 20.0}},
		TimeShares:   metric.Entries{{Name: "read", Value: 0.1}},
	}}
	text, err := json.Marshal(metric.Merge([]metric.Part{one, two}))
	want := `{"accumulators":{"numRead":320,"endLocation":"7,9"},"rates":{"numReadPerSecond":80},"timeShares":{"read":0.4}}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v\nwant %s", text, err, want)
	}
	if one.Accumulators[0].Value != int64(300) {
		t.Error("a part was changed")
	}
}
