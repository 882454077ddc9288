package main

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

type (
	databaseKey struct{} // the servers.Database of need mysql
	postgresKey struct{} // the servers.PostgreSQLDatabase of need postgresql
	kafkaKey    struct{} // the servers.KafkaServer of need kafka
)

// need gives the script a real server, or skips it where there are none:
//
//	need mysql | mariadb          an empty database: $ADDR, $DATABASE, $MYSQL_PASSWORD of root
//	need postgresql               an empty database: $ADDR, $DATABASE, $PGPASSWORD of root
//	need sqlserver-peer           a peer that speaks its protocol; see sqlserver_test.go
//	need kafka [PARTITIONS]       an empty topic on the shared cluster: $KAFKA, $TOPIC
//	need kafka-private PARTITIONS the same on a cluster of its own behind a proxy; see network
func need(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "need mysql|mariadb|postgresql|kafka|kafka-private [PARTITIONS]")
	tb := ts.Value(testKey{}).(testing.TB)
	partitions := 1
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		partitions = n
	}
	switch args[0] {
	case "mysql":
		needDatabase(ts, servers.MySQL(tb).DB(tb))
	case "mariadb":
		needDatabase(ts, servers.MariaDB(tb).DB(tb))
	case "postgresql":
		db := servers.PostgreSQL(tb).DB(tb)
		ts.Setenv("ADDR", db.Addr())
		ts.Setenv("DATABASE", db.Name)
		ts.Setenv("PGPASSWORD", servers.RootPassword)
		setValue(ts, postgresKey{}, db)
	case "sqlserver-peer":
		needPeer(ts, tb)
	case "kafka":
		k := servers.Kafka(tb)
		ts.Setenv("KAFKA", k.Addr())
		ts.Setenv("TOPIC", k.Topic(tb, partitions))
	case "kafka-private":
		k := servers.StartKafka(tb, servers.WithProxy())
		ts.Setenv("KAFKA", k.ProxyAddr())
		ts.Setenv("KAFKA_DIRECT", k.Addr())
		ts.Setenv("TOPIC", k.Topic(tb, partitions))
		setValue(ts, kafkaKey{}, k)
	default:
		ts.Fatalf("unknown server %s", args[0])
	}
}

func needDatabase(ts *testscript.TestScript, db servers.Database) {
	ts.Setenv("ADDR", db.Addr())
	ts.Setenv("DATABASE", db.Name)
	ts.Setenv("MYSQL_PASSWORD", servers.RootPassword)
	setValue(ts, databaseKey{}, db)
}

// setValue keeps a value for later commands of the script.
func setValue(ts *testscript.TestScript, key, value any) {
	ts.Value(valuesKey{}).(map[any]any)[key] = value
}

type valuesKey struct{} // what need has made

func madeValue(ts *testscript.TestScript, key any) any {
	return ts.Value(valuesKey{}).(map[any]any)[key]
}

// runMySQL runs statements in the script's database.
func runMySQL(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "mysql STATEMENT ...")
	db, ok := madeValue(ts, databaseKey{}).(servers.Database)
	if !ok {
		ts.Fatalf("need mysql first")
	}
	db.Exec(ts.Value(testKey{}).(testing.TB), args...)
}

// runPostgreSQL runs statements in the script's database.
func runPostgreSQL(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "postgresql STATEMENT ...")
	db, ok := madeValue(ts, postgresKey{}).(servers.PostgreSQLDatabase)
	if !ok {
		ts.Fatalf("need postgresql first")
	}
	db.Exec(ts.Value(testKey{}).(testing.TB), args...)
}

// network breaks and mends the way to the script's private cluster:
//
//	network cut | stall | restore
//	network away DURATION      cut, and restored so much later
func network(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "network cut|stall|restore|away DURATION")
	k, ok := madeValue(ts, kafkaKey{}).(servers.KafkaServer)
	if !ok {
		ts.Fatalf("need kafka-private first")
	}
	switch args[0] {
	case "cut":
		k.Cut()
	case "stall":
		k.Stall()
	case "restore":
		k.Restore()
	case "away":
		arguments(ts, neg, args, 2, "network away DURATION")
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		k.Cut()
		<-time.After(d) // the outage itself
		k.Restore()
	default:
		ts.Fatalf("unknown state of the network: %s", args[0])
	}
}

// produce sends messages without keys to a topic.
func produce(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "produce ADDR TOPIC MESSAGE ...")
	var messages []topics.Message
	for _, text := range args[2:] {
		messages = append(messages, topics.Message{Value: []byte(text)})
	}
	topics.Write(ts.Value(testKey{}).(testing.TB), args[0], args[1], messages...)
}

// showTopic prints the bodies of a topic's messages, sorted and each once (at
// least once is what the writer promises): topic ADDR TOPIC.
func showTopic(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "topic ADDR TOPIC")
	var bodies []string
	for _, partition := range topics.Read(ts.Value(testKey{}).(testing.TB), args[0], args[1]) {
		for _, m := range partition {
			bodies = append(bodies, string(m.Value))
		}
	}
	slices.Sort(bodies)
	for _, body := range slices.Compact(bodies) {
		fmt.Fprintln(ts.Stdout(), body)
	}
}
