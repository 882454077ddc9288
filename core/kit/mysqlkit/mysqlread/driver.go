package mysqlread

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// Namer completes the name of a table of an entry of a job's connection list.
// It dials nothing; errors name the key.
type Namer func(entry int, table string) (record.Name, error)

// Driver speaks to the servers of a job. Several goroutines use it.
type Driver struct {
	connections []sqlkit.Connection
	log         *slog.Logger
	places      []*sqlkit.Fallback[*mysqlkit.Settings] // of each entry of the connection list
	name        Namer
	natives     *natives
}

var (
	_ sqlread.Driver       = (*Driver)(nil)
	_ sqlread.Hinter       = (*Driver)(nil)
	_ sqlread.SchemaLister = (*Driver)(nil)
)

// New returns the driver of a job's connection list, which sqlread is given
// too; places say how to dial each URL of each entry, in order.
func New(log *slog.Logger, connections []sqlkit.Connection, places [][]*mysqlkit.Settings, name Namer) *Driver {
	d := &Driver{connections: connections, log: log, name: name, natives: newNatives()}
	for _, p := range places {
		d.places = append(d.places, sqlkit.NewFallback(log, p...))
	}
	return d
}

// NewSession returns the session of a connection, which it closes.
func (d *Driver) NewSession(conn *mysqlkit.Conn) sqlread.Session {
	return &session{driver: d, conn: conn}
}

// Dialect implements [sqlread.Driver].
func (d *Driver) Dialect() *sqlkit.Dialect { return mysqlkit.Dialect }

// Name implements [sqlread.Driver].
func (d *Driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.name(d.place(c), table)
}

// Dial implements [sqlread.Driver].
func (d *Driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], mysqlkit.Dial)
	if err != nil {
		return nil, err
	}
	return d.NewSession(conn), nil
}

// Schemas implements [sqlread.SchemaLister].
func (d *Driver) Schemas(ctx context.Context, s sqlread.Session) ([]string, error) {
	own, ok := s.(*session)
	if !ok {
		return nil, fmt.Errorf("listing databases: a session of another driver: %T", s)
	}
	r, err := own.conn.Query(ctx, "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY schema_name")
	if err != nil {
		return nil, own.note(err)
	}
	names := make([]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		if row[0] != nil {
			names = append(names, *row[0])
		}
	}
	return names, nil
}

// place is where an entry stands in the connection list.
func (d *Driver) place(c *sqlkit.Connection) int {
	for i := range d.connections {
		if &d.connections[i] == c {
			return i
		}
	}
	panic(fmt.Sprintf("mysqlread: the connection entry %s is not of the driver's job", c.URL()))
}

// Hint implements [sqlread.Hinter]. Without it the server may well read and
// sort the whole table for each split.
func (d *Driver) Hint(_ *sqlkit.Table, by *sqlkit.Index) string {
	if by == nil || by.Primary {
		return ""
	}
	return "FORCE INDEX (" + mysqlkit.Dialect.Quote(by.Name) + ")"
}
