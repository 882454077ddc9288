package job

import (
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// shapeKeys are keys of readers of changes that say how messages look: readers
// hand on changes as they are, and the writer's format gives them their shape.
var shapeKeys = []string{"pavingData", "split", "splitUpdate"}

// changeReaders are the readers of changes, with what pavingData is unless the
// file says it.
var changeReaders = map[string]string{"binlog": "", "pgwal": "", "sqlservercdc": "false"}

// shaped gives a writer of messages the reader's shape keys, where it has none
// of its own.
func (p *parser) shaped(reader, writer Operator) Operator {
	paving, changes := changeReaders[reader.Plugin]
	if !changes || writer.Plugin != "kafka" || reader.Parameter == nil || writer.Parameter == nil {
		return writer
	}
	node := writer.Parameter.Node()
	for _, key := range shapeKeys {
		for _, m := range reader.Parameter.Node().Members() {
			if strings.EqualFold(m.Name, key) && !m.Node.Unset() && node.Member(key) == nil {
				node = node.With(key, m.Node)
			}
		}
	}
	if paving != "" && node.Member("pavingData") == nil {
		value, err := config.Parse(config.NewText("", []byte(paving)))
		if err != nil {
			panic(err) // of this file
		}
		node = node.With("pavingData", value)
	}
	if node != writer.Parameter.Node() {
		writer.Parameter = p.decoder(node, writerNoEffect)
	}
	return writer
}
