package kafka

import (
	"context"
	"regexp"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/record"
)

// part is a part of a table's name in a pattern of topics.
var part = regexp.MustCompile(`\$\{([^{}]*)\}`)

// partNames are the names of parts, those of nameMapping too.
var partNames = map[string]func(n record.Name) string{
	"database": databaseOf, "dataBaseName": databaseOf,
	"schema": schemaOf, "schemaName": schemaOf,
	"table": tableOf, "tableName": tableOf,
}

func tableOf(n record.Name) string { return n.Table }

func databaseOf(n record.Name) string {
	if n.Database == "" {
		return n.Schema
	}
	return n.Database
}

func schemaOf(n record.Name) string {
	if n.Schema == "" {
		return n.Database
	}
	return n.Schema
}

func isPattern(topic string) bool { return strings.Contains(topic, "${") }

// checkPattern reports parts that no name has.
func checkPattern(key, topic string) error {
	for _, m := range part.FindAllStringSubmatch(topic, -1) {
		if partNames[m[1]] == nil {
			return config.Fieldf(key, "expected ${database}, ${schema} or ${table}, found %s", m[0])
		}
	}
	return nil
}

// expand puts the parts of a table's name into a pattern; what a topic's name may
// not have becomes _.
func expand(topic string, n record.Name) string {
	if !isPattern(topic) {
		return topic
	}
	return part.ReplaceAllStringFunc(topic, func(m string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
				return r
			}
			return '_'
		}, partNames[m[2:len(m)-1]](n))
	})
}

// topic asks for a topic, and creates it where the job file says so.
func (w *writer) topic(ctx context.Context, name string) (kafkakit.Topic, error) {
	client, err := w.connection()
	if err != nil {
		return kafkakit.Topic{}, err
	}
	if !w.config.CreateTopics {
		return client.Topic(ctx, name)
	}
	return client.CreateTopic(ctx, name, kafkakit.NewTopic{Partitions: w.config.Partitions, Replication: w.config.Replication, Config: w.config.TopicConfig})
}
