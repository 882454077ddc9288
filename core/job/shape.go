package job

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// shapeKeys are keys of readers of changes that say how messages look: readers
// hand on changes as they are, and the writer's format gives them their shape.
var shapeKeys = []string{"pavingData", "split", "splitUpdate"}

// changeReaders are the readers of changes, with what pavingData is unless the
// file says it.
var changeReaders = map[string]string{"binlog": "", "pgwal": "", "sqlservercdc": "false"}

// messageReaders read changes where their format is none of plainFormats.
var (
	messageReaders = []string{"kafka", "kafka09", "kafka10", "kafka11"}
	plainFormats   = []string{"", "text", "plain", "json", "default"}
)

// changesOf tells whether a reader reads changes, and what pavingData is then.
func changesOf(reader Operator) (paving string, changes bool) {
	if !slices.Contains(messageReaders, reader.Plugin) || reader.Parameter == nil {
		paving, changes = changeReaders[reader.Plugin]
		return paving, changes
	}
	for _, key := range []string{"format", "deserialization"} {
		if m := reader.Parameter.Node().Member(key); m != nil && !slices.Contains(plainFormats, strings.ToLower(strings.Trim(m.Raw(), `"'`))) {
			return "", true
		}
	}
	return "", false
}

// shapeWriters are the writers that have the keys, with what pavingData is
// where neither the file nor its reader's table above says anything.
var shapeWriters = map[string]string{"kafka": "", "kafka09": "", "kafka10": "", "kafka11": "", "file": "true", "ftp": "true", "sftp": "true"}

// shaped gives a writer of messages or files the reader's shape keys, where it
// has none of its own. With any other writer they are said to have no effect.
func (p *parser) shaped(reader, writer Operator) Operator {
	paving, changes := changesOf(reader)
	usual, shapes := shapeWriters[writer.Plugin]
	if reader.Parameter == nil || writer.Parameter == nil {
		return writer
	}
	switch {
	case !changes:
		if slices.Contains(messageReaders, reader.Plugin) {
			p.shapeless(reader, "has no effect: messages of this format are no changes")
		}
		return writer
	case !shapes:
		p.shapeless(reader, "has no effect: it is a shape of messages and files, and "+writer.Name+" takes changes as they are")
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
	if paving == "" && !splits(node) {
		paving = usual
	}
	if paving != "" && node.Member("pavingData") == nil {
		value, err := config.Parse(config.NewText("", []byte(paving)))
		if err != nil {
			panic(err) // of this file
		}
		node = node.With("pavingData", value)
	}
	if node != writer.Parameter.Node() {
		writer.Parameter = p.parameter(writer.Plugin, node, writerNoEffect)
	}
	return writer
}

// shapeless says of the reader's shape keys why they mean nothing.
func (p *parser) shapeless(reader Operator, why string) {
	for _, m := range reader.Parameter.Node().Members() {
		if slices.ContainsFunc(shapeKeys, func(key string) bool { return strings.EqualFold(m.Name, key) }) && !m.Node.Unset() {
			p.notes.Inform(m.Node.Errorf("%s", why))
		}
	}
}

// splits tells that an update is to be two messages.
func splits(node *config.Node) bool {
	for _, key := range shapeKeys[1:] {
		if m := node.Member(key); m != nil && strings.EqualFold(strings.Trim(m.Raw(), `"`), "true") {
			return true
		}
	}
	return false
}
