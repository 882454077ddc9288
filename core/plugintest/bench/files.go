package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// filePaths go from files and into them.
func (r *relational) filePaths() []path {
	in, out := &csvFile{lab: r.lab}, &csvFile{lab: r.lab, path: filepath.Join(r.work, "out.csv")}
	toFile := func(name, file string, cmd func(ctx context.Context) *exec.Cmd) contender {
		return contender{name, func(ctx context.Context) (sample, error) { return intoFile(filepath.Join(r.work, file), cmd(ctx)) }}
	}
	return []path{
		r.path(copying{name: "csv to postgresql", channels: 1, from: in, to: r.pgCopy, native: beside(
			r.pipe(`\copy`, r.pgCopy, func(ctx context.Context) []*exec.Cmd {
				return []*exec.Cmd{r.warehouse.psql(ctx, `\copy archive.orders FROM '`+in.path+`' (FORMAT csv, HEADER)`)}
			}), 0.9)}),
		r.path(copying{name: "csv to mysql", channels: 1, from: in, to: r.myCopy, write: fields{"insertSqlMode": "load"}, native: beside(
			r.pipe("LOAD DATA LOCAL", r.myCopy, func(ctx context.Context) []*exec.Cmd {
				return []*exec.Cmd{r.shop.execute(ctx, "LOAD DATA LOCAL INFILE '"+in.path+"' INTO TABLE archive.orders FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES"+
					" (id, customer, product, quantity, price, discount, status, email, @note, created) SET note = NULLIF(@note, '')", localFiles)}
			}), 0.9)}),
		r.path(copying{name: "postgresql to csv", channels: 1, from: r.pg, to: out, native: beside(
			toFile("COPY TO, csv", "native.csv", func(ctx context.Context) *exec.Cmd { return r.warehouse.psql(ctx, copyOut+" (FORMAT csv, HEADER)") }), 0.9)}),
		r.path(copying{name: "mysql to csv", channels: 1, from: r.my, to: out, native: beside(
			toFile("mysql --quick", "native.csv", func(ctx context.Context) *exec.Cmd { return r.shop.text(ctx) }), 0.9)}),
	}
}

// intoFile runs a command with its output in a file.
func intoFile(file string, cmd *exec.Cmd) (s sample, err error) {
	f, err := os.Create(file)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	cmd.Stdout = f
	return runChild(cmd)
}

// orderColumns are the table's, in order.
const orderColumns = "id,customer,product,quantity,price,discount,status,email,note,created"

// csvFile gives the rows as CSV with a header, made once and kept. No text of
// theirs needs quotes.
func (l *lab) csvFile(ctx context.Context) (string, error) {
	path := filepath.Join(l.dir, fmt.Sprintf("orders-%d.csv", l.rows))
	return path, l.rewrite(ctx, path, func(w io.Writer, lines *bufio.Scanner) error {
		if _, err := io.WriteString(w, orderColumns+"\n"); err != nil {
			return err
		}
		for lines.Scan() {
			line := bytes.ReplaceAll(bytes.ReplaceAll(lines.Bytes(), []byte("\t"), []byte(",")), []byte(`\N`), nil)
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}

// scriptRows are in one statement of a script.
const scriptRows = 1000

// insertScript gives the rows as INSERT statements of 1,000 rows, made once and kept.
func (l *lab) insertScript(ctx context.Context, system, tail string) (string, error) {
	path := filepath.Join(l.dir, fmt.Sprintf("orders-%d-%s.sql", l.rows, system))
	return path, l.rewrite(ctx, path, func(w io.Writer, lines *bufio.Scanner) error {
		var statement []byte
		for n := 1; lines.Scan(); n++ {
			if len(statement) == 0 {
				statement = append(statement, "INSERT INTO archive.orders ("+orderColumns+") VALUES "...)
			} else {
				statement = append(statement, ',')
			}
			statement = appendLiterals(statement, lines.Bytes())
			if n%scriptRows == 0 || n == l.rows {
				if _, err := w.Write(append(append(statement, tail...), ";\n"...)); err != nil {
					return err
				}
				statement = statement[:0]
			}
		}
		return nil
	})
}

// firstText is the first column that is no number.
const firstText = 6

// appendLiterals writes a row of orders as SQL.
func appendLiterals(b, line []byte) []byte {
	b = append(b, '(')
	for i, field := range bytes.Split(line, []byte("\t")) {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case string(field) == `\N`:
			b = append(b, "NULL"...)
		case i < firstText:
			b = append(b, field...)
		default:
			b = append(append(append(b, '\''), field...), '\'')
		}
	}
	return append(b, ')')
}

// rewrite makes a file of the lines of orders, once.
func (l *lab) rewrite(ctx context.Context, path string, write func(w io.Writer, lines *bufio.Scanner) error) error {
	from, _, err := l.ordersFile(ctx)
	if err != nil {
		return err
	}
	return l.once(path, func(tmp string) (err error) {
		l.log.Info("making a file", "name", filepath.Base(path))
		in, err := os.Open(from)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.Create(tmp)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
		w, lines := bufio.NewWriterSize(out, 1<<20), bufio.NewScanner(in)
		return errors.Join(write(w, lines), lines.Err(), w.Flush())
	})
}
