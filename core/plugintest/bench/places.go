package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// place is where the rows of a path come from or go to.
type place interface {
	// ready makes it, the first time.
	ready(ctx context.Context) error
	// empty prepares it for a run that writes to it.
	empty(ctx context.Context) error
	// count is the number of rows that are there; negative: not known.
	count(ctx context.Context) (int, error)
	reader(more fields) fields
	writer(more fields) fields
}

// system names the system of a place.
func system(p place) string {
	switch p.(type) {
	case *pgTable:
		return "postgresql"
	case *myTable:
		return "mysql"
	default:
		return "csv"
	}
}

// pgTable is a table of PostgreSQL.
type pgTable struct {
	lab  *lab
	name string
	// make are statements that make it; nil: it is there with the server.
	make func() []string
	// fill are statements that put rows into it before each run that writes to it.
	fill []string
}

func (t *pgTable) ready(ctx context.Context) error {
	w, err := t.lab.postgresql(ctx)
	if err != nil || t.make == nil {
		return err
	}
	return w.make(ctx, t.name, t.make()...)
}

func (t *pgTable) empty(ctx context.Context) error {
	if err := t.lab.warehouse.empty(ctx, t.name); err != nil || t.fill == nil {
		return err
	}
	return t.lab.warehouse.exec(ctx, append(t.fill, "CHECKPOINT")...)
}

func (t *pgTable) count(ctx context.Context) (int, error) {
	return t.lab.warehouse.count(ctx, t.name)
}

func (t *pgTable) reader(more fields) fields {
	return plugin("postgresqlreader", t.lab.warehouse.access(t.name, more))
}

func (t *pgTable) writer(more fields) fields {
	return plugin("postgresqlwriter", t.lab.warehouse.access(t.name, more))
}

// myTable is a table of MySQL.
type myTable struct {
	lab  *lab
	name string
	make []string // statements that make it; nil: it is there with the server
}

func (t *myTable) ready(ctx context.Context) error {
	s, err := t.lab.mysql(ctx)
	if err != nil || t.make == nil || t.lab.made[t.name] {
		return err
	}
	if !t.lab.made[archive] {
		if err := t.lab.supervisor.Create(ctx, servers.KindMySQL, archive, 0); err != nil {
			return err
		}
		t.lab.made[archive] = true
	}
	t.lab.log.Info("making a table", "server", "mysql", "table", t.name)
	for _, sql := range t.make {
		if _, err := runPipe(s.execute(ctx, sql)); err != nil {
			return fmt.Errorf("making table %s: %w", t.name, err)
		}
	}
	t.lab.made[t.name] = true
	return nil
}

// empty also drops the log of what earlier runs have written.
func (t *myTable) empty(ctx context.Context) error {
	_, err := runPipe(t.lab.shop.execute(ctx, "TRUNCATE "+t.name+"; FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW()"))
	return err
}

func (t *myTable) count(ctx context.Context) (int, error) {
	return t.lab.shop.number(ctx, "SELECT COUNT(*) FROM "+t.name)
}

func (t *myTable) reader(more fields) fields {
	return plugin("mysqlreader", t.lab.shop.access(t.name, more))
}

func (t *myTable) writer(more fields) fields {
	return plugin("mysqlwriter", t.lab.shop.access(t.name, more))
}

// csvFile is a file with a header: the one that is read, or, without a name,
// the one that is written.
type csvFile struct {
	lab  *lab
	path string
}

func (f *csvFile) ready(ctx context.Context) (err error) {
	if err := f.lab.tools(ctx); err != nil || f.path != "" {
		return err
	}
	f.path, err = f.lab.csvFile(ctx)
	return err
}

func (f *csvFile) empty(context.Context) error        { return nil }
func (f *csvFile) count(context.Context) (int, error) { return -1, nil }

func (f *csvFile) reader(fields) fields {
	return plugin("filereader", fields{"path": f.path, "header": true})
}

func (f *csvFile) writer(fields) fields {
	return plugin("filewriter", fields{"path": filepath.Dir(f.path), "fileName": filepath.Base(f.path), "header": true, "writeMode": "overwrite"})
}
