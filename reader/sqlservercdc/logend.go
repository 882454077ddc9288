package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// What is captured lags behind what is committed, and so behind what a SELECT
// shows. These views tell where the log itself is and how the capture job goes
// on in it.
// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-db-log-stats-transact-sql
// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/change-data-capture-sys-dm-cdc-log-scan-sessions
const (
	sqlLogEnd = "SELECT l.log_end_lsn, SYSUTCDATETIME(), d.delayed_durability, d.replica_id FROM sys.databases d " +
		"CROSS APPLY sys.dm_db_log_stats(DB_ID()) l WHERE d.database_id = DB_ID()"
	sqlScans = "SELECT TOP (1) session_id, CASE WHEN error_count > 0 THEN 0 ELSE empty_scan_count END " +
		"FROM sys.dm_cdc_log_scan_sessions WHERE session_id > 0 ORDER BY session_id DESC"
	sqlCommitting = "SELECT transaction_id FROM sys.dm_tran_database_transactions WHERE database_id = DB_ID() AND database_transaction_type = 1 AND database_transaction_state IN (10, 12)"
)

// logEnd is the end of the log: every transaction that anybody can see by then
// was committed at it or before.
type logEnd struct {
	at      lsn
	clock   time.Time // of the server
	grouped bool      // the log is read only up to where replicas have it
}

func (s *server) logEnd(ctx context.Context) (e logEnd, err error) {
	row, err := s.First(ctx, sqlLogEnd)
	if err != nil {
		return e, fmt.Errorf("asking where the log ends: %w", seen(err))
	}
	if text(row, 0) == "" {
		return e, errclass.With(errclass.Config, errors.New("the server does not say where the log of the database ends, which a secondary replica does not know: name the primary one"))
	}
	if text(row, 2) != "0" {
		return e, errclass.With(errclass.Config, errors.New("the database has transactions that can be seen before they are in the log: "+
			"ALTER DATABASE CURRENT SET DELAYED_DURABILITY = DISABLED, which change data capture asks for"))
	}
	if e.at, err = parseLSN(text(row, 0)); err != nil {
		return e, errclass.With(errclass.Permanent, fmt.Errorf("reading where the log ends: %w", err))
	}
	e.grouped = text(row, 3) != ""
	e.clock, err = time.Parse("2006-01-02 15:04:05.999999999", text(row, 1))
	if err != nil {
		return e, errclass.With(errclass.Permanent, fmt.Errorf("reading the server's clock: %w", err))
	}
	return e, nil
}

// seen adds to an error of a missing permission what to grant, and to one of a
// view that is not there what to do.
func seen(err error) error {
	switch mssqlkit.Code(err) {
	case errNoObject:
		return fmt.Errorf("%w; copying rows with start.mode initial needs SQL Server 2016 SP2 or later: else begin with latest, and copy the tables with the sqlserver reader into a writer that updates by key", err)
	case errNoPermission, errNoDatabasePermission, errNoAction, errNoServerState:
		return fmt.Errorf("%w; GRANT VIEW DATABASE STATE to the user, who has to see up to where the log is captured", err)
	}
	return err
}

// scans counts the capture job's readings of the log: those without a
// transaction, one after the other, are counted under the number of the first;
// not where one of them has failed.
type scans struct{ session, empty int64 }

func (s *server) scans(ctx context.Context) (c scans, err error) {
	row, err := s.First(ctx, sqlScans)
	if err != nil {
		return c, fmt.Errorf("asking how the capture job goes on: %w", seen(err))
	}
	if row == nil { // none since the server was started
		return c, nil
	}
	for i, n := range []*int64{&c.session, &c.empty} {
		if *n, err = strconv.ParseInt(text(row, i), 10, 64); err != nil {
			return c, errclass.With(errclass.Permanent, fmt.Errorf("reading how the capture job goes on: %w", err))
		}
	}
	return c, nil
}

// drained tells that since it was counted before the capture job has begun to
// read the log, and has found nothing. The first reading without a transaction
// that was not counted then may have begun earlier, the second one has not.
func (c scans) drained(before scans) bool {
	if c.session == before.session {
		return c.empty >= before.empty+2
	}
	return c.empty >= 2
}

// captured waits until everything that was committed up to the log's end is in
// the change tables, and returns how far these are then.
//
// That is so when a commit at the end or after it is captured, or when the
// capture job has nothing left to read. In an availability group it leaves what
// a replica does not have yet, so that its finding nothing says nothing there:
// a quiet database is waited for until the job notes a place of its own, which
// it does every five minutes.
func (r *reader) captured(ctx context.Context, srv *server, e logEnd) (status, error) {
	st, err := srv.status(ctx)
	if err != nil || !st.max.before(e.at) {
		return st, err
	}
	var before scans
	if !e.grouped {
		if before, err = srv.scans(ctx); err != nil {
			return st, err
		}
	}
	err = r.await(ctx, srv, r.config.PollInterval, func() (bool, error) {
		if st, err = srv.status(ctx); err != nil || !st.max.before(e.at) || e.grouped {
			return err == nil && !st.max.before(e.at), err
		}
		now, err := srv.scans(ctx)
		if err != nil || !now.drained(before) {
			return false, err
		}
		st, err = srv.status(ctx)
		return true, err
	})
	if err != nil {
		return st, fmt.Errorf("waiting until changes up to %s are captured: %w", e.at, err)
	}
	return st, nil
}

// committing are the transactions that are being committed just now.
func (s *server) committing(ctx context.Context) (map[string]bool, error) {
	rows, err := s.Query(ctx, sqlCommitting)
	if err != nil {
		return nil, fmt.Errorf("asking for transactions that are being committed: %w", seen(err))
	}
	ids := map[string]bool{}
	for _, row := range rows {
		ids[text(row, 0)] = true
	}
	return ids, nil
}

// settleEvery is how often the server is asked whether commits are visible.
const settleEvery = 20 * time.Millisecond

// settle waits until the transactions that are being committed just now are
// visible to whoever looks: the log has a commit before that.
func (r *reader) settle(ctx context.Context, srv *server) error {
	waiting, err := srv.committing(ctx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	return r.await(ctx, srv, min(settleEvery, r.config.PollInterval), func() (bool, error) {
		now, err := srv.committing(ctx)
		if err != nil {
			return false, err
		}
		for id := range waiting {
			if !now[id] {
				delete(waiting, id)
			}
		}
		return len(waiting) == 0, nil
	})
}

// await asks again every so often, until the answer is yes. It gives up when the
// agent, which the capture job needs, does not run, and warns now and then: a
// capture job that runs by a schedule may take its time.
func (r *reader) await(ctx context.Context, srv *server, every time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	began := time.Now()
	asked, warned := began, began
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if yes, err := done(); yes || err != nil {
			return err
		}
		if time.Since(asked) < r.config.PollInterval {
			continue
		}
		asked = time.Now()
		agent, err := srv.agent(ctx)
		switch {
		case err != nil:
			return err
		case agent != "" && agent != agentRuns:
			return errclass.With(errclass.Transient, fmt.Errorf("SQL Server Agent is %s: nothing is captured until it is started", strings.ToLower(agent)))
		case time.Since(warned) >= r.patience:
			warned = time.Now()
			r.log.Warn("rows cannot be copied until what was changed meanwhile is captured: see that SQL Server Agent runs, and its job cdc."+r.settings.Database+"_capture",
				"seconds", int64(time.Since(began).Seconds()))
		}
	}
}
