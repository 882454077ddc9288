package main

import (
	"context"
	"fmt"
	"os/exec"
)

// relational is the table orders on both servers, and where copies of it go.
type relational struct {
	*lab
	pg, pgCopy, my, myCopy place
}

func newRelational(l *lab) *relational {
	return &relational{l,
		&pgTable{lab: l, name: "orders"}, &pgTable{lab: l, name: archive + ".orders"},
		&myTable{lab: l, name: "orders"}, &myTable{lab: l, name: archive + ".orders", make: []string{"CREATE TABLE archive.orders LIKE orders"}},
	}
}

func relationalPaths(l *lab) []path {
	r := newRelational(l)
	paths := []path{r.pgToPg(), r.myToPg(), r.toMySQL(r.pg, load), r.toMySQL(r.pg, insert), r.toMySQL(r.my, load), r.toMySQL(r.my, insert)}
	paths = append(paths, r.filePaths()...)
	paths = append(paths, r.upsert())
	for _, from := range []place{r.my, r.pg} {
		for _, channels := range []int{2, 4} {
			paths = append(paths, r.wider(from, channels))
		}
	}
	paths = append(paths, r.blobPaths()...)
	return append(paths, r.dirtyPaths()...)
}

// How the native tools write out, and read, whole tables.
const (
	copyOut   = "COPY orders TO STDOUT"
	copyIn    = "COPY archive.orders FROM STDIN"
	loadStdin = "LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE archive.orders"
)

func (r *relational) pgToPg() path {
	const name, binary = "postgresql to postgresql", " (FORMAT binary)"
	return r.path(copying{name: name, channels: 1, from: r.pg, to: r.pgCopy, native: []native{{
		r.pipe("COPY | COPY, binary", r.pgCopy, func(ctx context.Context) []*exec.Cmd {
			return []*exec.Cmd{r.warehouse.psql(ctx, copyOut+binary), r.warehouse.psql(ctx, copyIn+binary)}
		}), 0.9,
	}}})
}

func (r *relational) myToPg() path {
	return r.path(copying{name: "mysql to postgresql", channels: 1, from: r.my, to: r.pgCopy, native: []native{{
		r.pipe("mysql --quick | COPY", r.pgCopy, func(ctx context.Context) []*exec.Cmd {
			return []*exec.Cmd{r.shop.text(ctx), r.warehouse.psql(ctx, copyIn+" (NULL 'NULL')")}
		}), 1,
	}}})
}

// Ways that rows are put into MySQL.
const (
	load   = "load"
	insert = "insert"
)

// toMySQL is beside a pipe into LOAD DATA in mode load, and in mode insert
// beside a file of statements, which reads from no server.
func (r *relational) toMySQL(from place, mode string) path {
	c := copying{channels: 1, from: from, to: r.myCopy}
	c.name = fmt.Sprintf("%s to mysql, %s", system(from), mode)
	if mode == insert {
		var file string
		c.native = []native{{r.pipe("INSERT script", r.myCopy, func(ctx context.Context) []*exec.Cmd {
			return []*exec.Cmd{r.shop.execute(ctx, "SOURCE "+file)}
		}), 2}}
		return r.path(c, func(ctx context.Context) (err error) {
			file, err = r.insertScript(ctx, "mysql", "")
			return err
		})
	}
	c.write = fields{"insertSqlMode": "load"}
	c.native = []native{{r.pipe("LOAD DATA LOCAL pipe", r.myCopy, func(ctx context.Context) []*exec.Cmd {
		if from == r.pg {
			return []*exec.Cmd{r.warehouse.psql(ctx, copyOut), r.shop.execute(ctx, loadStdin, localFiles)}
		}
		// The client writes NULL as the word, which is read as such where fields may have quotes.
		return []*exec.Cmd{r.shop.text(ctx), r.shop.execute(ctx, loadStdin+` FIELDS OPTIONALLY ENCLOSED BY '"'`, localFiles)}
	}), 0.9}}
	return r.path(c)
}

// wider is the same with more channels, beside fewer.
func (r *relational) wider(from place, channels int) path {
	of := func(n int) copying {
		return copying{name: fmt.Sprintf("%s to postgresql, %d channels", system(from), n), channels: n, from: from, to: r.pgCopy, read: fields{"splitPk": "id"}}
	}
	c := of(channels)
	for fewer := channels / 2; fewer > 0; fewer /= 2 {
		one := r.datasync(of(fewer))
		one.name = fmt.Sprintf("with %d channels", fewer)
		if fewer == 1 {
			one.name = "with 1 channel"
		}
		c.native = append(c.native, native{one, 0.95})
	}
	if channels == 4 {
		c.targets = []target{peakMiB(64)}
	}
	return r.path(c)
}

// upsert changes every second row and adds the others.
func (r *relational) upsert() path {
	to := &pgTable{lab: r.lab, name: archive + ".orders", fill: []string{"INSERT INTO archive.orders SELECT id, customer, product, 0, 0, 0, 'new', email, NULL, created FROM orders WHERE id % 2 = 0"}}
	var file string
	const changes = " ON CONFLICT (id) DO UPDATE SET customer = EXCLUDED.customer, product = EXCLUDED.product, quantity = EXCLUDED.quantity, price = EXCLUDED.price," +
		" discount = EXCLUDED.discount, status = EXCLUDED.status, email = EXCLUDED.email, note = EXCLUDED.note, created = EXCLUDED.created"
	return r.path(copying{name: "upsert into postgresql", channels: 1, from: r.pg, to: to, write: fields{"mode": "update"}, native: []native{{
		r.pipe("ON CONFLICT script", to, func(ctx context.Context) []*exec.Cmd {
			return []*exec.Cmd{r.warehouse.script(ctx, file)}
		}), 3,
	}}}, func(ctx context.Context) (err error) {
		file, err = r.insertScript(ctx, "postgresql", changes)
		return err
	})
}
