package launcher

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

// TestRoutesOfAStreamMayChange goes on with another topic of a table and another
// registry behind a reader of changes, and with nothing else that is written.
func TestRoutesOfAStreamMayChange(t *testing.T) {
	runner := func(reader, parameters string) *Runner {
		t.Helper()
		j, err := job.Parse([]byte(`{"job":{"content":[{"reader":{"name":"`+reader+`","parameter":{}},"writer":{"name":"kafkawriter","parameter":{`+parameters+`}}}]}}`), job.Options{File: "x.json"})
		if err != nil {
			t.Fatal(err)
		}
		p := j.Pipelines[0]
		p.Reader.Plugin, p.Writer.Plugin = strings.TrimSuffix(reader, "reader"), "kafka"
		return &Runner{id: "x", pipe: p}
	}
	const first = `"format":"avro","tableIdToTopicMapping":{"a":"t"},"schemaRegistry":{"url":"http://one"}`
	for _, tt := range []struct {
		reader, then string
		same         bool
	}{
		{"binlogreader", `"format":"avro","tableIdToTopicMapping":{"a":"t","b":"u"},"schemaRegistry":{"url":"http://two"},"createTopics":true`, true},
		{"binlogreader", strings.Replace(first, "avro", "json", 1), false},
		{"mysqlreader", `"format":"avro","tableIdToTopicMapping":{"a":"t","b":"u"},"schemaRegistry":{"url":"http://one"}`, false},
		{"mysqlreader", first, true},
	} {
		stored := &checkpoint.Checkpoint{Fingerprint: runner(tt.reader, first).fingerprint()}
		err := runner(tt.reader, tt.then).same(stored)
		if (err == nil) != tt.same || err != nil && errclass.Of(err) != errclass.PositionLost {
			t.Errorf("%s, then %s: %v", tt.reader, tt.then, err)
		}
		before := &checkpoint.Checkpoint{Fingerprint: runner(tt.reader, first).fingerprintOf(nil, nil)}
		if err := runner(tt.reader, first).same(before); err != nil {
			t.Errorf("%s: what an earlier version has stored: %v", tt.reader, err)
		}
	}
}
