package builtin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// TestShapeKeys: what a reader of changes says of the shape of messages is used
// by writers of messages and files, and said to have no effect with others.
func TestShapeKeys(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]string{
		"binlogreader":       `"host": "h", "username": "u", "jdbcUrl": "jdbc:mysql://h/d", "cat": "insert", "table": ["d.t"]`,
		"pgwalreader":        `"url": "jdbc:postgresql://h/d", "username": "u", "cat": "insert", "tableList": ["s.t"], "slotName": "s"`,
		"kafkareader":        `"topic": "t", "format": "canal-json", "consumerSettings": {"bootstrap.servers": "h:1"}`,
		"kafka10reader":      `"topic": "t", "codec": "json", "consumerSettings": {"bootstrap.servers": "h:1"}`,
		"sqlservercdcreader": `"url": "jdbc:sqlserver://h;databaseName=d", "username": "u", "tableList": ["dbo.t"]`,
	}
	writers := map[string]string{
		"kafkawriter":  `"topic": "t", "producerSettings": {"bootstrap.servers": "h:1"}`,
		"filewriter":   `"path": "d", "format": "jsonl"`,
		"streamwriter": `"print": true`,
		"mysqlwriter":  `"username": "u", "column": ["*"], "connection": [{"jdbcUrl": "jdbc:mysql://h/d", "table": ["*"]}]`,
	}
	for reader, parameter := range readers {
		for writer, target := range writers {
			for _, key := range []string{"pavingData", "splitUpdate", "split"} {
				text := fmt.Sprintf(`{"job": {"content": [{"reader": {"name": %q, "parameter": {%s, %q: "true"}}, "writer": {"name": %q, "parameter": {%s}}}]}}`, reader, parameter, key, writer, target)
				j, err := job.Parse([]byte(text), job.Options{})
				if err == nil {
					_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
				}
				if err != nil {
					t.Fatalf("%s to %s, %s: %v", reader, writer, key, err)
				}
				said := ""
				for _, note := range j.Notes() {
					if strings.HasSuffix(note.Path, "reader.parameter."+key) {
						said += note.Msg
					}
				}
				want := ""
				if writer == "streamwriter" || writer == "mysqlwriter" {
					want = "has no effect: it is a shape of messages and files, and " + writer + " takes changes as they are"
				}
				if reader == "kafka10reader" {
					want = "has no effect: messages of this format are no changes"
				}
				if said != want {
					t.Errorf("%s to %s, %s: said %q, want %q", reader, writer, key, said, want)
				}
			}
		}
	}
}
