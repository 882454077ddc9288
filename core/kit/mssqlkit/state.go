package mssqlkit

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
)

// Versions says how the session's database keeps old versions of rows.
type Versions struct {
	Snapshot      bool // SNAPSHOT isolation is allowed
	ReadCommitted bool // a statement reads what was committed when it began
}

// Versions asks how the session's database keeps old versions of rows.
func (c *Conn) Versions(ctx context.Context) (Versions, error) {
	row, err := c.First(ctx, "SELECT snapshot_isolation_state, is_read_committed_snapshot_on FROM sys.databases WHERE database_id = DB_ID()")
	if err != nil {
		return Versions{}, fmt.Errorf("asking for the database's isolation: %w", err)
	}
	return Versions{Snapshot: one(row, 0) == "1", ReadCommitted: one(row, 1) == "true"}, nil
}

var estimated = regexp.MustCompile(`StatementEstRows="([0-9.eE+-]+)"`)

// Estimate returns how many rows the server expects of a statement, which is
// not run; 0: it says nothing, or the login may not see plans.
func (c *Conn) Estimate(ctx context.Context, sql string) (int64, error) {
	if err := c.Exec(ctx, "SET SHOWPLAN_XML ON"); err != nil {
		return 0, unseen(err)
	}
	rows, err := c.Query(ctx, sql)
	if off := c.Exec(ctx, "SET SHOWPLAN_XML OFF"); off != nil {
		return 0, off
	}
	if err != nil || len(rows) == 0 {
		return 0, unseen(err)
	}
	found := estimated.FindStringSubmatch(one(rows[0], 0))
	if found == nil {
		return 0, nil
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil || n < 1 || n > 1<<62 {
		return 0, nil
	}
	return int64(n), nil
}

// unseen drops the error of a missing permission.
func unseen(err error) error {
	if errclass.Of(err) == errclass.Config {
		return nil
	}
	return err
}

// OldestWrite returns when the oldest open transaction that has written to the
// session's database began, zero if there is none, and the server's clock, both
// in UTC. An error of class Permanent says that the login may not know.
func (c *Conn) OldestWrite(ctx context.Context) (began, now time.Time, err error) {
	row, err := c.First(ctx, "SELECT MIN(a.transaction_begin_time), GETDATE(), SYSUTCDATETIME() FROM sys.dm_tran_database_transactions d "+
		"JOIN sys.dm_tran_active_transactions a ON a.transaction_id = d.transaction_id "+
		"WHERE d.database_id = DB_ID() AND d.database_transaction_type = 1 AND d.database_transaction_begin_time IS NOT NULL")
	if err != nil {
		err = fmt.Errorf("asking for open transactions: %w", err)
		if errclass.Of(err) == errclass.Config {
			err = errclass.With(errclass.Permanent, fmt.Errorf("%w; grant VIEW SERVER STATE or VIEW DATABASE STATE", err))
		}
		return time.Time{}, time.Time{}, err
	}
	local, err := clock(one(row, 1))
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	if now, err = clock(one(row, 2)); err != nil || one(row, 0) == "" {
		return time.Time{}, now, err
	}
	began, err = clock(one(row, 0))
	return now.Add(began.Sub(local)), now, err // the views are in the server's own zone
}

func clock(text string) (time.Time, error) {
	t, err := time.Parse("2006-01-02 15:04:05.999999999", text)
	if err != nil {
		return t, fmt.Errorf("reading the server's clock: %w", err)
	}
	return t, nil
}
