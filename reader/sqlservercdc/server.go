package sqlservercdc

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// server is a session that is asked how far capturing is and what there is.
type server struct{ *mssqlkit.Conn }

// dial connects to a database in which CDC is on.
func dial(ctx context.Context, s *mssqlkit.Settings) (*server, error) {
	c, err := mssqlkit.Dial(ctx, s)
	if err != nil {
		return nil, err
	}
	srv := &server{c}
	if err := srv.enabled(ctx, s.Database); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return srv, nil
}

const sqlEnabled = "SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID()"

func (s *server) enabled(ctx context.Context, database string) error {
	row, err := s.First(ctx, sqlEnabled)
	if err != nil {
		return fmt.Errorf("asking whether changes are captured: %w", err)
	}
	if text(row, 0) != "true" {
		return errclass.With(errclass.Config, fmt.Errorf("change data capture is not enabled in database %s: USE %s; EXEC sys.sp_cdc_enable_db, "+
			"and then EXEC sys.sp_cdc_enable_table for each table", database, mssqlkit.Dialect.Quote(database)))
	}
	return nil
}

// text is column i of a row, "" for NULL.
func text(row []*string, i int) string {
	if i >= len(row) || row[i] == nil {
		return ""
	}
	return *row[i]
}

// status is how far the capture job is.
type status struct {
	max    lsn           // the newest commit that is captured; zero: none yet
	age    time.Duration // since it, by the server's clock
	offset time.Duration // of the server's clock from UTC
}

const sqlStatus = "SELECT m.lsn, DATEDIFF(second, sys.fn_cdc_map_lsn_to_time(m.lsn), GETDATE()), DATEPART(tz, SYSDATETIMEOFFSET()) " +
	"FROM (SELECT sys.fn_cdc_get_max_lsn() AS lsn) m"

func (s *server) status(ctx context.Context) (st status, err error) {
	row, err := s.First(ctx, sqlStatus)
	if err != nil {
		return st, fmt.Errorf("asking how far changes are captured: %w", err)
	}
	if newest := text(row, 0); newest != "" {
		var ok bool
		if st.max, ok = lsnOf(newest); !ok {
			return st, errclass.With(errclass.Permanent, fmt.Errorf("the server gave %x for an LSN", newest))
		}
	}
	if age := text(row, 1); age != "" {
		seconds, err := strconv.Atoi(age)
		if err != nil {
			return st, fmt.Errorf("reading the age of the newest change: %w", err)
		}
		st.age = time.Duration(max(seconds, 0)) * time.Second
	}
	minutes, err := strconv.Atoi(text(row, 2))
	if err != nil {
		return st, fmt.Errorf("reading the zone of the server's clock: %w", err)
	}
	st.offset = time.Duration(minutes) * time.Minute
	return st, nil
}

// commit is a transaction that is captured.
type commit struct {
	at  lsn
	end time.Time // when it was committed; zero: unknown
	tx  string    // its identifier, in hexadecimal
}

// windowCommits is how many commits are read at a time, at most: the server
// sorts the changes of a window.
const windowCommits = 1000

func sqlCommits(after, to lsn) string {
	return fmt.Sprintf("SELECT TOP (%d) start_lsn, tran_end_time, tran_id FROM cdc.lsn_time_mapping WHERE start_lsn > %s AND start_lsn <= %s ORDER BY start_lsn",
		windowCommits, after.literal(), to.literal())
}

// commits returns the first commits after a place, up to another, in order.
func (s *server) commits(ctx context.Context, after lsn, st status) ([]commit, error) {
	rows, err := s.Query(ctx, sqlCommits(after, st.max))
	if err != nil {
		return nil, fmt.Errorf("asking for commits after %s: %w", after, granted(err))
	}
	list := make([]commit, len(rows))
	for i, row := range rows {
		at, ok := lsnOf(text(row, 0))
		if !ok {
			return nil, errclass.With(errclass.Permanent, fmt.Errorf("the server gave %x for an LSN", text(row, 0)))
		}
		list[i] = commit{at: at, tx: hex.EncodeToString([]byte(text(row, 2)))}
		if clock := text(row, 1); clock != "" {
			wall, err := time.Parse("2006-01-02 15:04:05.999999999", clock)
			if err != nil {
				return nil, fmt.Errorf("reading the time of commit %s: %w", at, err)
			}
			list[i].end = wall.Add(-st.offset)
		}
	}
	return list, nil
}

// instance is a capture instance: a change table and its functions.
type instance struct {
	name     string
	start    lsn    // the oldest commit that it has
	schema   string // of the captured table
	table    string
	modified string // when the change table was altered last
	object   string // number of the change table
	role     string // whose members may read it; "": no such role
}

const sqlInstances = "SELECT t.capture_instance, t.start_lsn, OBJECT_SCHEMA_NAME(t.source_object_id), OBJECT_NAME(t.source_object_id), " +
	"o.modify_date, t.object_id, t.role_name FROM cdc.change_tables t JOIN sys.objects o ON o.object_id = t.object_id ORDER BY o.create_date, t.capture_instance"

// instances lists the capture instances in the order in which they were made.
// Left out are those that have no changes yet, not even a first place.
func (s *server) instances(ctx context.Context) ([]instance, error) {
	rows, err := s.Query(ctx, sqlInstances)
	if err != nil {
		return nil, fmt.Errorf("listing capture instances: %w", granted(err))
	}
	var list []instance
	for _, row := range rows {
		start, ok := lsnOf(text(row, 1))
		if !ok || start.isZero() || text(row, 3) == "" {
			continue
		}
		list = append(list, instance{name: text(row, 0), start: start, schema: text(row, 2), table: text(row, 3), modified: text(row, 4), object: text(row, 5), role: text(row, 6)})
	}
	return list, nil
}

func sqlComputed(object string) string {
	return "SELECT column_name FROM cdc.captured_columns WHERE object_id = " + object + " AND is_computed = 1"
}

func sqlKey(object string) string {
	return "SELECT column_name FROM cdc.index_columns WHERE object_id = " + object + " ORDER BY index_ordinal"
}

// names is the only column of a result.
func (s *server) names(ctx context.Context, sql string) ([]string, error) {
	rows, err := s.Query(ctx, sql)
	if err != nil {
		return nil, granted(err)
	}
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = text(row, 0)
	}
	return list, nil
}

// changeTable is the table that an instance's changes are in.
func changeTable(instance string) string { return instance + "_CT" }

// span is what is to be read of an instance, both ends with it.
type span struct {
	instance string
	from, to lsn
}

// busyAtOnce is how many instances one statement asks about.
const busyAtOnce = 100

func sqlBusy(spans []span) string {
	var b strings.Builder
	for i, s := range spans {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&b, "SELECT %d WHERE EXISTS (SELECT 1 FROM [cdc].%s WHERE [__$start_lsn] >= %s AND [__$start_lsn] <= %s)",
			i, mssqlkit.Dialect.Quote(changeTable(s.instance)), s.from.literal(), s.to.literal())
	}
	return b.String()
}

// busy returns the indices of the spans that have changes.
func (s *server) busy(ctx context.Context, spans []span) (list []int, err error) {
	for begin := 0; begin < len(spans); begin += busyAtOnce {
		some := spans[begin:min(begin+busyAtOnce, len(spans))]
		rows, err := s.Query(ctx, sqlBusy(some))
		if err != nil {
			return nil, fmt.Errorf("asking for tables with changes: %w", granted(err))
		}
		for _, row := range rows {
			i, err := strconv.Atoi(text(row, 0))
			if err != nil || i < 0 || i >= len(some) {
				return nil, errclass.With(errclass.Permanent, fmt.Errorf("the server gave %q for the number of a table", text(row, 0)))
			}
			list = append(list, begin+i)
		}
	}
	return list, nil
}

const sqlRetention = "SELECT retention FROM msdb.dbo.cdc_jobs WHERE database_id = DB_ID() AND job_type = N'cleanup'"

// retention is how long changes are kept; 0: the login may not know, or they
// are kept for ever.
func (s *server) retention(ctx context.Context) (time.Duration, error) {
	row, err := s.First(ctx, sqlRetention)
	if err != nil {
		return 0, unseen(err)
	}
	minutes, err := strconv.ParseInt(text(row, 0), 10, 64)
	if err != nil || minutes < 0 || minutes > 100*365*24*60 {
		return 0, nil
	}
	return time.Duration(minutes) * time.Minute, nil
}

const sqlAgent = "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent%'"

const agentRuns = "Running"

// agent is what SQL Server Agent, which runs the capture job, is doing, such as
// Running; "": the login may not know, or the server has none.
func (s *server) agent(ctx context.Context) (string, error) {
	row, err := s.First(ctx, sqlAgent)
	return text(row, 0), unseen(err)
}

// unseen drops the error of a view that the login may not see, or that there
// is not in every product.
func unseen(err error) error {
	if c := errclass.Of(err); c == errclass.Transient || c == errclass.Canceled {
		return err
	}
	return nil
}

// Numbers of the server's errors.
const (
	errNoObject             = 208
	errNoPermission         = 229
	errNoDatabasePermission = 262
	errNoAction             = 297
	errNoServerState        = 300
	errNoArguments          = 313 // also: the range of LSNs is not all there
)

// granted adds to an error of a missing permission what to grant.
func granted(err error) error {
	if mssqlkit.Code(err) == errNoPermission {
		return fmt.Errorf("%w; GRANT SELECT ON SCHEMA::cdc to the user", err)
	}
	return err
}

// sqlThere asks whether a table is there.
func sqlThere(name record.Name) string {
	return "SELECT OBJECT_ID(" + mssqlkit.Dialect.Text(mssqlkit.Dialect.Table(record.Name{Schema: name.Schema, Table: name.Table})) + ")"
}
