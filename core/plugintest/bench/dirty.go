package main

import "fmt"

// dirtyPaths have rows that the target refuses among a million others: every
// second one has the key of an earlier row, the others a text that is too long.
// They are beside the same job without such rows.
func (r *relational) dirtyPaths() []path {
	var paths []path
	for _, to := range []place{r.pgCopy, r.myCopy} {
		for _, one := range []struct {
			share int     // one row in so many is bad
			most  float64 // times the time of the clean run
		}{{100_000, 1.2}, {1000, 3}} {
			rows := r.rows / 2
			of := func(share int) copying {
				c := copying{channels: 1, rows: rows, from: r.mixed(rows, share), to: to, read: fields{"column": mixedColumns}, write: fields{"column": mixedColumns}}
				if share > 0 {
					c.bad = rows / share
				}
				c.name = fmt.Sprintf("%d dirty rows into %s", c.bad, system(to))
				return c
			}
			clean := of(0)
			c := of(one.share)
			without := r.datasync(clean)
			without.name = "without them"
			c.native = beside(without, 1/one.most)
			paths = append(paths, r.path(c, clean.from.ready))
		}
	}
	return paths
}

// mixedColumns are those of orders; the table that they are read from has a
// key of its own beside them.
var mixedColumns = []string{"id", "customer", "product", "quantity", "price", "discount", "status", "email", "note", "created"}

// mixed is a table of PostgreSQL with rows of orders, one in share of which is
// bad; 0: none.
func (r *relational) mixed(rows, share int) place {
	name := fmt.Sprintf("mixed_%d", share)
	return &pgTable{lab: r.lab, name: name, make: func() []string {
		list := []string{
			fmt.Sprintf("CREATE TABLE %s AS SELECT id AS n, id, customer, product, quantity, price, discount, status::text, email, note, created FROM orders WHERE id <= %d", name, rows),
			fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (n)", name),
		}
		if share > 0 {
			list = append(list,
				fmt.Sprintf("UPDATE %s SET id = id - 1 WHERE n %% %d = 0", name, 2*share),
				fmt.Sprintf("UPDATE %s SET status = repeat('x', 17) WHERE n %% %d = %d", name, 2*share, share))
		}
		return append(list, "VACUUM (FREEZE, ANALYZE) "+name)
	}}
}
