// Command mysql2kafka shows the main job on real servers: it fills a MySQL
// table, runs jobs/mysql2kafka.json, and prints what arrived in the topic.
//
// It is what make mysql2kafka runs, from the root of the repository, under the
// servers command, which starts MySQL and Kafka and tells where they are.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

const (
	jobFile  = "jobs/mysql2kafka.json"
	database = "shop"
	table    = "orders"
	topic    = "orders"
)

func main() {
	bin := flag.String("bin", "bin/datasync", "the datasync binary")
	rows := flag.Int("rows", 500_000, "rows of the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *bin, *rows)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mysql2kafka:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin string, rows int) error {
	account, err := url.Parse("mysql://" + os.Getenv("DATASYNC_TEST_MYSQL"))
	kafka := os.Getenv("DATASYNC_TEST_KAFKA")
	if err != nil || account.User == nil || kafka == "" {
		return fmt.Errorf("no servers: run make mysql2kafka")
	}
	password, _ := account.User.Password()

	fmt.Printf("== 1. %d rows into the table %s.%s of MySQL at %s\n", rows, database, table, account.Host)
	if err := fill(account.Host, account.User.Username(), password, rows); err != nil {
		return err
	}
	fmt.Printf("== 2. The topic %s with 4 partitions in Kafka at %s\n", topic, kafka)
	if err := servers.CreateTopic(topic, 4); err != nil {
		return err
	}
	parameters := fmt.Sprintf("mysql=%s,database=%s,table=%s,username=%s,kafka=%s,topic=%s",
		account.Host, database, table, account.User.Username(), kafka, topic)
	fmt.Printf("== 3. MYSQL_PASSWORD=... %s -job %s -p %q\n", bin, jobFile, parameters)
	state, err := os.MkdirTemp("", "datasync-state-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }()
	cmd := exec.CommandContext(ctx, bin, "-job", jobFile, "-p", parameters, "-state-dir", state)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "MYSQL_PASSWORD="+password)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the job: %w", err)
	}
	fmt.Println("== 4. What is in the topic")
	return show(kafka, rows)
}
