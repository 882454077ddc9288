package main

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// snapshotPath copies a table as a job does that goes on with its log, beside
// one that only copies: the chunks and what is read of the log around them.
func snapshotPath(l *lab) path {
	const name = "mysql snapshot to kafka"
	plain := kafkaPath(l, 1)
	return path{
		name:    name,
		prepare: plain.prepare,
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.withTopic(ctx, l.broker, func(topic string) (sample, error) {
				file, err := l.job(name, 1, plugin("binlogreader", fields{
					"jdbcUrl":  fmt.Sprintf("jdbc:mysql://%s:%s/%s?useSSL=false", l.shop.host, l.shop.port, database),
					"username": servers.RootUser, "password": servers.RootPassword,
					"cat": "insert,update,delete", "table": []string{"orders"}, "start": fields{"mode": "initial-only"},
				}), l.broker.writer(topic))
				if err != nil {
					return sample{}, err
				}
				return l.run(ctx, file, l.rows)
			})
		}},
		native: beside(contender{"the plain job", plain.ours.run}, 0.8),
	}
}
