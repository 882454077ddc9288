package pgread

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// Namer completes the name of a table of an entry of a job's connection list.
// It dials nothing; errors name the key.
type Namer func(entry int, table string) (record.Name, error)

// Driver speaks to the servers of a job. It is immutable.
type Driver struct {
	connections []sqlkit.Connection
	places      []*sqlkit.Fallback[*pgkit.Settings] // of each entry of the connection list
	name        Namer
}

var (
	_ sqlread.Driver       = (*Driver)(nil)
	_ sqlread.Snapshotter  = (*Driver)(nil)
	_ sqlread.PageRanger   = (*Driver)(nil)
	_ sqlread.Watermarker  = (*Driver)(nil)
	_ sqlread.SchemaLister = (*Driver)(nil)
)

// New returns the driver of a job's connection list, which sqlread is given
// too; places say how to dial each URL of each entry, in order.
func New(log *slog.Logger, connections []sqlkit.Connection, places [][]*pgkit.Settings, name Namer) *Driver {
	d := &Driver{connections: connections, name: name}
	for _, p := range places {
		d.places = append(d.places, sqlkit.NewFallback(log, p...))
	}
	return d
}

// Dialect implements [sqlread.Driver].
func (d *Driver) Dialect() *sqlkit.Dialect { return pgkit.Dialect }

// Name implements [sqlread.Driver].
func (d *Driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.name(d.place(c), table)
}

// Dial implements [sqlread.Driver].
func (d *Driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], pgkit.Dial)
	if err != nil {
		return nil, err
	}
	return NewSession(conn), nil
}

// Schemas implements [sqlread.SchemaLister].
func (d *Driver) Schemas(ctx context.Context, one sqlread.Session) ([]string, error) {
	s, ok := one.(*session)
	if !ok {
		return nil, fmt.Errorf("listing schemas: a session of another driver: %T", one)
	}
	r, err := s.conn.Query(ctx, "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname")
	if err != nil {
		return nil, s.note(err)
	}
	names := make([]string, len(r.Rows))
	for i := range names {
		names[i] = r.Text(i, 0)
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
	panic(fmt.Sprintf("pgread: the connection entry %s is not of the driver's job", c.URL()))
}
