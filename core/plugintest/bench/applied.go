package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// The log that is applied to a table: rows are inserted, and then changed again
// and again, most transactions by an update of keys anywhere in the table, each
// tenth one by deletes of half as many and inserts of the same.
const (
	changedTable  = "changed"
	changesPerKey = 10
)

// changes fills a table whose changes are in the binary log, the first time, and
// returns the name of the log file that they begin in.
func (l *lab) changes(ctx context.Context) (file string, err error) {
	if l.changeFile != "" {
		return l.changeFile, nil
	}
	s, err := l.mysql(ctx)
	if err != nil {
		return "", err
	}
	var script bytes.Buffer
	fmt.Fprintf(&script, "CREATE TABLE %s LIKE orders; FLUSH BINARY LOGS;\n", changedTable)
	if err := s.feed(ctx, &script); err != nil {
		return "", err
	}
	if file, err = s.logFile(ctx); err != nil {
		return "", err
	}
	l.log.Info("filling the log", "server", "mysql", "changes", l.events())
	l.change(&script)
	if err := s.feed(ctx, &script); err != nil {
		return "", fmt.Errorf("filling the log: %w", err)
	}
	l.changeFile = file
	return file, nil
}

// keys is how many rows the changes are of.
func (l *lab) keys() int { return max(l.events()/changesPerKey/transactionLen, 2) * transactionLen }

// changedRows is how many rows the log has of so many events: an update has the
// row before it and the row after it.
func (l *lab) changedRows() int {
	transactions := (l.events() - l.keys()) / transactionLen
	return l.events() + (transactions-transactions/10)*transactionLen
}

// change are the statements that change the table, the same ones every time.
func (l *lab) change(script *bytes.Buffer) {
	const rows = "INSERT INTO " + changedTable + " SELECT * FROM orders WHERE id "
	done := 0
	for ; done < l.keys(); done += transactionLen {
		fmt.Fprintf(script, "%s> %d AND id <= %d;\n", rows, done, done+transactionLen)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for n := 1; done < l.events(); n++ {
		if n%10 == 0 {
			ids := someIDs(random, l.keys(), transactionLen/2)
			fmt.Fprintf(script, "BEGIN; DELETE FROM %s WHERE id IN (%s); %sIN (%s); COMMIT;\n", changedTable, ids, rows, ids)
		} else {
			fmt.Fprintf(script, "UPDATE %s SET quantity = quantity + 1, price = price + 0.25, note = 'changed %d' WHERE id IN (%s);\n",
				changedTable, n, someIDs(random, l.keys(), transactionLen))
		}
		done += transactionLen
	}
}

// someIDs chooses n different keys of so many.
func someIDs(random *rand.Rand, of, n int) string {
	var list []string
	seen := map[int]bool{}
	for len(list) < n {
		if id := 1 + random.IntN(of); !seen[id] {
			seen[id] = true
			list = append(list, strconv.Itoa(id))
		}
	}
	return strings.Join(list, ",")
}

// appliedPaths follow a log into a table by key, positions with the rows. No
// native tool does that.
func appliedPaths(l *lab) []path {
	pg := &pgTable{lab: l, name: archive + "." + changedTable, make: func() []string {
		return []string{"CREATE TABLE archive.changed (LIKE public.orders INCLUDING ALL) WITH (autovacuum_enabled = off)"}
	}}
	my := &keptLog{&myTable{lab: l, name: archive + "." + changedTable, make: []string{"CREATE TABLE archive.changed LIKE orders"}}}
	return []path{appliedPath(l, pg, "postgresql", pg.sum), appliedPath(l, my, "mysql", my.sum)}
}

func appliedPath(l *lab, to place, server string, sum func(ctx context.Context) (int, error)) path {
	name := "binlog to " + server + ", upsert"
	var file string
	return path{
		name: name,
		prepare: func(ctx context.Context) (moved size, err error) {
			if file, err = l.changes(ctx); err != nil {
				return size{}, err
			}
			return size{rows: l.events()}, to.ready(ctx)
		},
		ours: l.into(to, l.keys(), "datasync", func(ctx context.Context) (sample, error) {
			job, err := l.job(name, 1, l.logged(changedTable, file), to.writer(fields{"mode": "update"}))
			if err != nil {
				return sample{}, err
			}
			s, err := l.follow(ctx, name, l.changedRows(), "-job", job)
			if err != nil {
				return s, err
			}
			return s, l.sameSum(ctx, sum)
		}),
		targets: []target{{"≥ 60,000 rows/s", 1 / 60_000.0, func(r *line) float64 { return r.Seconds / float64(r.Rows) }}},
	}
}

// summed is what tells that each row has got its last change.
const summed = "SELECT SUM(id * quantity) FROM "

func (t *pgTable) sum(ctx context.Context) (int, error) {
	return t.lab.warehouse.number(ctx, summed+t.name)
}

func (t *myTable) sum(ctx context.Context) (int, error) {
	return t.lab.shop.number(ctx, summed+t.name)
}

// sameSum compares a table with what it was made from.
func (l *lab) sameSum(ctx context.Context, sum func(ctx context.Context) (int, error)) error {
	want, err := l.shop.number(ctx, summed+changedTable)
	if err != nil {
		return err
	}
	got, err := sum(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("the target's rows are not those of the source: their sums are %d and %d", got, want)
	}
	return err
}

// keptLog is a table of MySQL beside a log that is still to be read.
type keptLog struct{ *myTable }

func (t *keptLog) empty(ctx context.Context) error {
	_, err := runPipe(t.lab.shop.execute(ctx, "TRUNCATE "+t.name))
	return err
}
