package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// Slots from which the log of PostgreSQL is read: all runs begin where the first
// of them stands, each with a copy of it.
const (
	firstSlot   = "bench"
	runSlot     = "bench_run"
	publication = "bench"
)

// wal fills a table whose rows are in the log after the slot, the first time,
// and returns where they end.
func (l *lab) wal(ctx context.Context) (end string, err error) {
	if l.walEnd != "" {
		return l.walEnd, nil
	}
	w, err := l.postgresql(ctx)
	if err != nil {
		return "", err
	}
	var script bytes.Buffer
	fmt.Fprintf(&script, "CREATE TABLE %s (LIKE orders INCLUDING ALL); CREATE PUBLICATION %s FOR TABLE %[1]s;\nSELECT pg_create_logical_replication_slot('%s', 'pgoutput');\n",
		loggedTable, publication, firstSlot)
	l.insertLogged(&script)
	l.log.Info("filling the log", "server", "postgresql", "rows", l.events())
	cmd := w.psql(ctx)
	cmd.Stdin = &script
	if _, err := runChild(cmd); err != nil {
		return "", fmt.Errorf("filling the log: %w", err)
	}
	l.walEnd, err = w.ask(ctx, "SELECT pg_current_wal_insert_lsn()")
	return l.walEnd, err
}

// walPath follows a log into nothing, beside PostgreSQL's own receiver.
func walPath(l *lab) path {
	const name = "pgwal to null"
	var end, job string
	return path{
		name: name,
		prepare: func(ctx context.Context) (moved size, err error) {
			if end, err = l.wal(ctx); err != nil {
				return size{}, err
			}
			job, err = l.job(name, 1, plugin("pgwalreader", fields{
				"url":      fmt.Sprintf("jdbc:postgresql://%s:%s/%s?sslmode=disable", l.warehouse.host, l.warehouse.port, database),
				"username": servers.RootUser, "password": servers.RootPassword, "tableList": []string{"public." + loggedTable},
				"slotName": runSlot, "allowCreateSlot": false, "publicationName": publication,
			}), plugin("streamwriter", fields{"print": false}))
			return size{rows: l.events()}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.withSlot(ctx, func() (sample, error) { return l.follow(ctx, name, l.events(), "-job", job) })
		}},
		native: []native{{contender{"pg_recvlogical", func(ctx context.Context) (sample, error) {
			return l.withSlot(ctx, func() (sample, error) { return runChild(l.warehouse.receive(ctx, end)) })
		}}, 0.9}},
	}
}

// withSlot runs f with a slot at the beginning of the log.
func (l *lab) withSlot(ctx context.Context, f func() (sample, error)) (s sample, err error) {
	w := l.warehouse
	if _, err := w.ask(ctx, fmt.Sprintf("SELECT pg_copy_logical_replication_slot('%s', '%s')", firstSlot, runSlot)); err != nil {
		return s, fmt.Errorf("copying the slot: %w", err)
	}
	defer func() {
		// The server may not have noticed yet that the reader is gone.
		leave := fmt.Sprintf("SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = '%s' AND active", runSlot)
		err = errors.Join(err, w.exec(ctx, leave, fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", runSlot)))
	}()
	return f()
}

// receive is PostgreSQL's own reader of the log, up to a position.
func (w *warehouse) receive(ctx context.Context, end string) *exec.Cmd {
	psql := w.psql(ctx)
	cmd := exec.CommandContext(ctx, strings.TrimSuffix(w.client, "psql")+"pg_recvlogical", "--host="+w.host, "--port="+w.port, "--username="+servers.RootUser, "--dbname="+database,
		"--slot="+runSlot, "--start", "--file=/dev/null", "--no-loop", "--endpos="+end,
		"--option=proto_version=2", "--option=publication_names="+publication)
	cmd.Env = psql.Env
	return cmd
}
