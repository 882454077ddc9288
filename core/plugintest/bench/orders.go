package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The table that is moved: ten columns, rows of about 100 bytes as text.
const (
	mysqlTable = `CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY,
  customer INT NOT NULL,
  product INT UNSIGNED NOT NULL,
  quantity SMALLINT NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  discount DOUBLE NOT NULL,
  status VARCHAR(16) NOT NULL,
  email VARCHAR(64) NOT NULL,
  note VARCHAR(200) NULL,
  created DATETIME NOT NULL
) CHARACTER SET utf8mb4`
	sqliteTable = `CREATE TABLE orders (
  id INTEGER NOT NULL PRIMARY KEY,
  customer INTEGER NOT NULL,
  product INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  discount REAL NOT NULL,
  status TEXT NOT NULL,
  email TEXT NOT NULL,
  note TEXT,
  created TEXT NOT NULL
)`
)

var (
	statuses = []string{"new", "paid", "packed", "shipped", "delivered", "returned"}
	words    = []string{"please", "ring", "twice", "leave", "at", "the", "door", "gift", "wrapped", "fragile", "call", "before", "noon", "größer", "blue"}
)

// ordersFile gives the rows as tab-separated text (NULL is \N), made once and
// kept; the same rows every time.
func (l *lab) ordersFile(ctx context.Context) (path string, moved size, err error) {
	path = filepath.Join(l.dir, fmt.Sprintf("orders-%d.tsv", l.rows))
	err = l.once(path, func(tmp string) error {
		l.log.Info("making rows", "rows", l.rows)
		return writeOrders(ctx, tmp, l.rows)
	})
	if err != nil {
		return "", size{}, err
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", size{}, err
	}
	return path, size{l.rows, st.Size()}, nil
}

// once makes a file unless it is there; it appears complete or not at all.
func (l *lab) once(path string, build func(tmp string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	tmp := filepath.Join(l.work, filepath.Base(path))
	if err := build(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func writeOrders(ctx context.Context, path string, rows int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	var line []byte
	for id := 1; id <= rows; id++ {
		if id%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line = appendOrder(line[:0], random, id, begin)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}

func appendOrder(b []byte, random *rand.Rand, id int, begin time.Time) []byte {
	customer := 1 + random.IntN(300_000)
	b = append(strconv.AppendInt(b, int64(id), 10), '\t')
	b = append(strconv.AppendInt(b, int64(customer), 10), '\t')
	b = append(strconv.AppendInt(b, int64(1+random.IntN(20_000)), 10), '\t')
	b = append(strconv.AppendInt(b, int64(1+random.IntN(12)), 10), '\t')
	cents := 99 + random.IntN(500_000)
	b = append(strconv.AppendInt(b, int64(cents/100), 10), '.', byte('0'+cents/10%10), byte('0'+cents%10), '\t')
	b = append(strconv.AppendFloat(b, float64(random.IntN(40))/100, 'g', -1, 64), '\t')
	b = append(append(b, statuses[random.IntN(len(statuses))]...), '\t')
	b = append(append(strconv.AppendInt(append(b, "customer"...), int64(customer), 10), "@example.com"...), '\t')
	if random.IntN(8) == 0 {
		b = append(b, `\N`...)
	} else {
		for i := range 3 {
			if i > 0 {
				b = append(b, ' ')
			}
			b = append(b, words[random.IntN(len(words))]...)
		}
	}
	b = append(b, '\t')
	at := begin.Add(time.Duration(id) * 37 * time.Second)
	return append(at.AppendFormat(b, time.DateTime), '\n')
}
