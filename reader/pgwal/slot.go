package pgwal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// slot is what the server says of a replication slot.
type slot struct {
	plugin, database string
	confirmed        pgkit.LSN // everything before it may be gone
	lost             bool      // the server has removed log that the slot needs
}

// findSlot returns nil if there is no such slot.
func findSlot(ctx context.Context, c *pgkit.Conn, name string) (*slot, error) {
	status := "''"
	if c.Server.Number >= 130000 {
		status = "coalesce(wal_status, '')"
	}
	r, err := c.Query(ctx, "SELECT plugin, database, confirmed_flush_lsn, "+status+" FROM pg_replication_slots WHERE slot_name = "+pgkit.Dialect.Text(name))
	if err != nil {
		return nil, fmt.Errorf("looking for replication slot %s: %w", name, err)
	}
	if len(r.Rows) == 0 {
		return nil, nil
	}
	s := &slot{plugin: r.Text(0, 0), database: r.Text(0, 1), lost: r.Text(0, 3) == "lost"}
	if at := r.Text(0, 2); at != "" {
		if s.confirmed, err = pgkit.ParseLSN(at); err != nil {
			return nil, errclass.With(errclass.Permanent, err)
		}
	}
	return s, nil
}

// usable refuses a slot that is not of this use.
func (s *slot) usable(name, database string) error {
	switch {
	case s.plugin != "pgoutput":
		return errclass.With(errclass.Config, fmt.Errorf("replication slot %s is of the plugin %q, this reader needs pgoutput: name another slotName", name, s.plugin))
	case s.database != database:
		return errclass.With(errclass.Config, fmt.Errorf("replication slot %s is of database %q, the job reads %q: name another slotName", name, s.database, database))
	case s.lost:
		return lost("replication slot %s: the server has removed log that it needs (max_slot_wal_keep_size)", name)
	}
	return nil
}

// flinkxPublication is what FlinkX creates.
const flinkxPublication = "dtstack_flinkx"

// publication says which publication the job reads from, whether it is there,
// and whether it is datasync's own; one that will not do is refused.
func (c *Config) publication(ctx context.Context, conn *pgkit.Conn, slotName string) (name string, there, own bool, err error) {
	if name = c.Publication; name == "" {
		if there, err = published(ctx, conn, flinkxPublication); err != nil {
			return "", false, false, err
		}
		if name = flinkxPublication; !there {
			name, own = "datasync_"+strings.TrimPrefix(slotName, "datasync_"), true
			name = name[:min(len(name), maxName)]
		}
	}
	if there, err = published(ctx, conn, name); err != nil {
		return "", false, false, err
	}
	if there && !own {
		return name, there, own, covers(ctx, conn, c, name)
	}
	return name, there, own, identified(ctx, conn, c)
}

// publish finds or makes the publication, and brings the job's tables into one
// that is datasync's.
func publish(ctx context.Context, c *pgkit.Conn, cfg *Config, slotName string) (string, error) {
	name, there, own, err := cfg.publication(ctx, c, slotName)
	if err != nil {
		return "", err
	}
	quoted := pgkit.Dialect.Quote(name)
	publishes := cfg.publishes(c.Server.Number)
	switch {
	case !there:
		sql := "CREATE PUBLICATION " + quoted + " FOR " + targets(cfg.tables) + " WITH (" + publishes
		if c.Server.Number >= 130000 {
			sql += ", publish_via_partition_root = true"
		}
		if err := c.Exec(ctx, sql+")"); err != nil {
			return "", fmt.Errorf("creating publication %s: %w", name, err)
		}
		return name, nil
	case own:
		if len(cfg.tables) > 0 {
			if err := c.Exec(ctx, "ALTER PUBLICATION "+quoted+" SET "+targets(cfg.tables)); err != nil {
				return "", fmt.Errorf("changing publication %s: %w", name, err)
			}
		}
		if err := c.Exec(ctx, "ALTER PUBLICATION "+quoted+" SET ("+publishes+")"); err != nil {
			return "", fmt.Errorf("changing publication %s: %w", name, err)
		}
	}
	return name, nil
}

func published(ctx context.Context, c *pgkit.Conn, name string) (bool, error) {
	r, err := c.Query(ctx, "SELECT 1 FROM pg_publication WHERE pubname = "+pgkit.Dialect.Text(name))
	if err != nil {
		return false, fmt.Errorf("looking for publication %s: %w", name, err)
	}
	return len(r.Rows) > 0, nil
}

func targets(tables []record.Name) string {
	if len(tables) == 0 {
		return "ALL TABLES"
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = pgkit.Dialect.Quote(t.Schema) + "." + pgkit.Dialect.Quote(t.Table)
	}
	return "TABLE " + strings.Join(names, ", ")
}

// covers refuses a publication of somebody else that lacks tables of the job.
func covers(ctx context.Context, c *pgkit.Conn, cfg *Config, name string) error {
	r, err := c.Query(ctx, "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = "+pgkit.Dialect.Text(name))
	if err != nil {
		return fmt.Errorf("asking for the tables of publication %s: %w", name, err)
	}
	in := map[record.Name]bool{}
	for i := range r.Rows {
		in[record.Name{Schema: r.Text(i, 0), Table: r.Text(i, 1)}] = true
	}
	var errs []error
	for _, t := range cfg.tables {
		if !in[t] {
			errs = append(errs, fmt.Errorf("publication %s lacks table %s: ALTER PUBLICATION %s ADD TABLE %s, or leave publicationName out", name, t, pgkit.Dialect.Quote(name), t))
		}
	}
	return errclass.With(errclass.Config, errors.Join(errs...))
}

// check is Probe: what the server must have.
func check(ctx context.Context, c *pgkit.Conn, cfg *Config) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, errclass.With(errclass.Config, fmt.Errorf(format, args...)))
	}
	if c.Server.Number < 100000 {
		bad("the server is PostgreSQL %s: pgoutput is there since 10", c.Server)
	}
	if err := cfg.checkStreaming(c.Server); err != nil {
		errs = append(errs, err)
	}
	r, err := c.Query(ctx, `SELECT current_setting('wal_level'), current_setting('max_replication_slots')::int, current_setting('max_wal_senders')::int,
 (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user)`)
	if err != nil {
		return fmt.Errorf("asking for the server's settings: %w", err)
	}
	if level := r.Text(0, 0); level != "logical" {
		bad("wal_level is %s: set wal_level = logical and restart the server", level)
	}
	if r.Int(0, 1) == 0 || r.Int(0, 2) == 0 {
		bad("max_replication_slots is %s and max_wal_senders is %s: both must be above 0", r.Text(0, 1), r.Text(0, 2))
	}
	if !r.True(0, 3) {
		bad("user %s may not replicate: ALTER ROLE %s REPLICATION", cfg.settings.User, pgkit.Dialect.Quote(cfg.settings.User))
	}
	errs = append(errs, cfg.Heartbeat.probe(ctx, c))
	for _, t := range cfg.tables {
		if _, err := c.ReadTable(ctx, t); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
