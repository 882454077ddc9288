package binlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// spelling is a statement of the log.
type spelling struct {
	run      binlogkit.Run
	database string
	text     string // as it was written
	plain    string // as it is read, whatever its session's sql_mode is
}

// spelled reads what stands around a statement and in it.
func (s *server) spelled(e *event) spelling {
	run := binlogkit.Run{Session: binlogkit.ParseSession(e.query.StatusVars, e.Timestamp, s.flavor == flavorMariaDB)}
	text := run.Text(e.query.Query, s.collations)
	return spelling{run: run, database: string(e.query.Schema), text: text, plain: run.Plain(text)}
}

// locate finds the time zone of a statement's session, where rows have got times
// of it.
func (s *source) locate(sp *spelling, effects []binlogkit.Effect) (err error) {
	for _, e := range effects {
		if sp.run.Zone != "" && s.tables.lists.has(e.Name) && binlogkit.NeedsZone(e.Before, e.After) {
			sp.run.Location, err = s.srv.location(s.ctx, sp.run.Zone, sp.run.At)
			return err
		}
	}
	return nil
}

// location asks what clocks show in a zone at a time: its rules, and what SYSTEM
// means, are the server's. nil: the server does not know the zone.
func (s *server) location(ctx context.Context, zone string, at time.Time) (where *time.Location, err error) {
	conn, err := mysqlkit.Dial(ctx, s.again())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.Exec(ctx, "SET time_zone = "+mysqlkit.Dialect.Text(zone)); err != nil {
		if errclass.Of(err) != errclass.Transient {
			known, err := time.LoadLocation(zone) // it is one of another server of the group
			if err != nil {
				return nil, nil //nolint:nilerr // what it has written is not known then
			}
			return known, nil
		}
		return nil, fmt.Errorf("asking for the time zone %s: %w", zone, err)
	}
	r, err := conn.Query(ctx, fmt.Sprintf("SELECT TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', FROM_UNIXTIME(%d)) AS shows", at.Unix()))
	if err != nil {
		return nil, fmt.Errorf("asking for the time zone %s: %w", zone, err)
	}
	if len(r.Rows) != 1 {
		return nil, nil
	}
	shows, err := strconv.ParseInt(r.Column(0, "shows"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("asking for the time zone %s: %w", zone, err)
	}
	return time.FixedZone(zone, int(shows-at.Unix())), nil
}
