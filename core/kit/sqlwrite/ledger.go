package sqlwrite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// LedgerTable is the table, beside the target, that holds for each job how
// far its splits are, and in the row whose split is "" the number of its
// newest run.
const LedgerTable = "datasync_ledger"

// ledgerWriter is a writer whose sinks store marks with their rows.
type ledgerWriter struct{ *writer }

// ledger spells the statements about the table.
type ledger struct {
	d     *sqlkit.Dialect
	sql   LedgerSQL
	name  record.Name
	table string // quoted
}

func (w *writer) ledger() (*ledger, error) {
	name, err := w.driver.Name(w.config.connection(), LedgerTable)
	if w.config.table() != AnyTable {
		name, err = w.name(nil) // whose schema may be part of the table's name
		name.Table = LedgerTable
	}
	if err != nil {
		return nil, err
	}
	d := w.driver.Dialect()
	return &ledger{d: d, sql: w.driver.Ledger(), name: name, table: d.Table(name)}, nil
}

// create spells the table.
func (l *ledger) create() string {
	column := func(name, kind string) string { return l.d.Quote(name) + " " + kind }
	return "CREATE TABLE " + l.table + " (" + strings.Join([]string{
		column("job", l.sql.Key+" NOT NULL"), column("split", l.sql.Key+" NOT NULL"),
		column("run", "BIGINT NOT NULL"), column("plan", "BIGINT NOT NULL"), column("done", "SMALLINT NOT NULL"),
		column("name", l.sql.Text+" NULL"), column("position", l.sql.Text+" NULL"), column("state", l.sql.Text+" NULL"),
		"PRIMARY KEY (" + l.d.Quote("job") + ", " + l.d.Quote("split") + ")"}, ", ") + ")"
}

const keyLength = 255 // characters of a key

// keyOf is the text that stands for a job or a split in the table's key: the
// text itself where it fits.
func keyOf(text string) string {
	if len(text) <= keyLength && strings.IndexFunc(text, func(r rune) bool { return r > '~' || r < ' ' }) < 0 && strings.TrimSpace(text) == text {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (l *ledger) text(s string) string {
	return l.d.Literal(sqlkit.Value{Kind: record.String, Text: s})
}

// textOrNull spells a JSON text, NULL for none.
func (l *ledger) textOrNull(v []byte) string {
	if v == nil {
		return "NULL"
	}
	return l.text(string(v))
}

// where finds the row of a split; "" is that of the run.
func (l *ledger) where(job, split string) string {
	return " WHERE " + l.d.Quote("job") + " = " + l.text(keyOf(job)) + " AND " + l.d.Quote("split") + " = " + l.text(keyOf(split))
}

// splits finds the rows of all splits.
func (l *ledger) splits(job string) string {
	return " WHERE " + l.d.Quote("job") + " = " + l.text(keyOf(job)) + " AND " + l.d.Quote("split") + " <> " + l.text("")
}

func (l *ledger) insert(job, split string, run, plan uint64, done bool, position, state []byte) string {
	name := "NULL"
	if keyOf(split) != split {
		name = l.text(split)
	}
	return "INSERT INTO " + l.table + " (" + strings.Join(l.d.QuoteAll([]string{"job", "split", "run", "plan", "done", "name", "position", "state"}), ", ") +
		") VALUES (" + strings.Join([]string{l.text(keyOf(job)), l.text(keyOf(split)), strconv.FormatUint(run, 10), strconv.FormatUint(plan, 10), digit(done),
		name, l.textOrNull(position), l.textOrNull(state)}, ", ") + ")"
}

// update moves a split's row; a position or state that is nil stays.
func (l *ledger) update(job, split string, run, plan uint64, done bool, position, state []byte) string {
	sets := []string{l.d.Quote("run") + " = " + strconv.FormatUint(run, 10), l.d.Quote("plan") + " = " + strconv.FormatUint(plan, 10), l.d.Quote("done") + " = " + digit(done)}
	if position != nil {
		sets = append(sets, l.d.Quote("position")+" = "+l.textOrNull(position))
	}
	if state != nil {
		sets = append(sets, l.d.Quote("state")+" = "+l.textOrNull(state))
	}
	return "UPDATE " + l.table + " SET " + strings.Join(sets, ", ") + l.where(job, split)
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// Claim implements [plugin.Ledger]. The run's row is changed first, which
// waits for the commits that have read it: what they stored is seen, and those
// that read it later are fenced (I10).
func (w *ledgerWriter) Claim(ctx context.Context, job string, least uint64) (run uint64, stored []plugin.Progress, err error) {
	l, err := w.ledger()
	if err != nil {
		return 0, nil, err
	}
	err = w.with(ctx, func(s Session) error {
		if err := w.provide(ctx, s, l); err != nil {
			return err
		}
		if err := l.usable(ctx, s); err != nil {
			return w.refused(l, err)
		}
		if err := l.enroll(ctx, s, job); err != nil {
			return w.refused(l, err)
		}
		return w.refused(l, transact(ctx, s, func() (err error) {
			run, stored, err = l.claim(ctx, s, job, least)
			return err
		}))
	})
	if err != nil && !errors.Is(err, plugin.ErrNoLedger) {
		err = fmt.Errorf("table %s: %w", l.name, broken(err))
	}
	return run, stored, err
}

// provide creates the table where there is none.
func (w *ledgerWriter) provide(ctx context.Context, s Session, l *ledger) error {
	_, err := s.Table(ctx, l.name)
	if !errors.Is(err, sqlkit.ErrNoTable) {
		return err
	}
	err = s.Exec(ctx, l.create())
	if err == nil || errclass.Of(err) == errclass.Transient || ctx.Err() != nil {
		return err
	}
	if _, again := s.Table(ctx, l.name); again == nil { // another job was faster
		return nil
	}
	if w.config.Semantic == ExactlyOnce {
		return errclass.With(errclass.Config, fmt.Errorf("semantic exactly-once needs it, creating it: %w", err))
	}
	return fmt.Errorf("%w: creating table %s: %w", plugin.ErrNoLedger, l.name, err)
}

// usable tells whether the user may do with the table what both Claim and
// Forget need: marks that cannot be removed must not be taken for a later
// run's, so who may not remove any keeps none.
func (l *ledger) usable(ctx context.Context, s Session) error {
	return s.Exec(ctx, "DELETE FROM "+l.table+" WHERE 1 = 0")
}

// refused is what becomes of a table that is there but may not be used, as it
// belongs to another user: nothing can be kept, and nothing was.
func (w *ledgerWriter) refused(l *ledger, err error) error {
	switch {
	case errclass.Of(err) != errclass.Config:
		return err
	case w.config.Semantic == ExactlyOnce:
		return errclass.With(errclass.Config, fmt.Errorf("semantic exactly-once needs SELECT, INSERT, UPDATE and DELETE on it: %w", err))
	}
	return fmt.Errorf("%w: using table %s, which takes SELECT, INSERT, UPDATE and DELETE: %w", plugin.ErrNoLedger, l.name, err)
}

// enroll makes sure that the job has a run's row.
func (l *ledger) enroll(ctx context.Context, s Session, job string) error {
	if _, found, err := l.run(ctx, s, job, func(sql string) string { return sql }); err != nil || found {
		return err
	}
	err := s.Exec(ctx, l.insert(job, "", 0, 0, false, nil, nil))
	if errclass.Of(err) == errclass.Data { // another run was faster
		return nil
	}
	return err
}

// run reads the number of the newest run.
func (l *ledger) run(ctx context.Context, s Session, job string, lock func(string) string) (run uint64, found bool, err error) {
	rows, err := s.Query(ctx, lock("SELECT "+l.d.Quote("run")+" FROM "+l.table+l.where(job, "")))
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	if run, err = strconv.ParseUint(*rows[0][0], 10, 64); err != nil {
		return 0, false, fmt.Errorf("reading the number of the newest run: %w", err)
	}
	return run, true, nil
}

// claim takes the next run's number and reads what was stored.
func (l *ledger) claim(ctx context.Context, s Session, job string, least uint64) (run uint64, stored []plugin.Progress, err error) {
	if err := s.Exec(ctx, l.next(job, least)); err != nil {
		return 0, nil, err
	}
	run, found, err := l.run(ctx, s, job, func(sql string) string { return sql })
	if err == nil && !found {
		err = errclass.With(errclass.Transient, errors.New("the row of the job's run has been deleted meanwhile"))
	}
	if err != nil {
		return 0, nil, err
	}
	columns := strings.Join(l.d.QuoteAll([]string{"split", "name", "plan", "done", "position", "state"}), ", ")
	rows, err := s.Query(ctx, "SELECT "+columns+" FROM "+l.table+l.splits(job))
	if err != nil {
		return 0, nil, err
	}
	for _, r := range rows {
		p, err := progress(r)
		if err != nil {
			return 0, nil, err
		}
		stored = append(stored, p)
	}
	return run, stored, nil
}

// next spells the statement that takes the next run's number.
func (l *ledger) next(job string, least uint64) string {
	run, n := l.d.Quote("run"), strconv.FormatUint(least, 10)
	return "UPDATE " + l.table + " SET " + run + " = CASE WHEN " + run + " >= " + n + " THEN " + run + " + 1 ELSE " + n + " END" + l.where(job, "")
}

// progress reads a split's row.
func progress(r []*string) (p plugin.Progress, err error) {
	p.Split.ID = *r[0]
	if r[1] != nil {
		p.Split.ID = *r[1]
	}
	if p.Plan, err = strconv.ParseUint(*r[2], 10, 64); err != nil {
		return p, fmt.Errorf("reading the row of split %s: %w", p.Split.ID, err)
	}
	p.Done = *r[3] != "0"
	if r[4] != nil {
		p.Position = json.RawMessage(*r[4])
	}
	if r[5] != nil {
		p.State = json.RawMessage(*r[5])
	}
	return p, nil
}

// Forget implements [plugin.Ledger]. It takes a run's number as well, so that
// a commit still on its way stores nothing afterwards.
func (w *ledgerWriter) Forget(ctx context.Context, job string) error {
	l, err := w.ledger()
	if err != nil {
		return err
	}
	err = w.with(ctx, func(s Session) error {
		_, err := s.Table(ctx, l.name)
		if errors.Is(err, sqlkit.ErrNoTable) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.usable(ctx, s); err != nil {
			return w.refused(l, err)
		}
		return w.refused(l, transact(ctx, s, func() error {
			if err := s.Exec(ctx, l.next(job, 0)); err != nil {
				return err
			}
			return s.Exec(ctx, "DELETE FROM "+l.table+l.splits(job))
		}))
	})
	if err != nil && !errors.Is(err, plugin.ErrNoLedger) {
		return fmt.Errorf("table %s: %w", l.name, broken(err))
	}
	return nil // nor does Claim take marks where they cannot be removed
}

// transact runs f in a transaction.
func transact(ctx context.Context, s Session, f func() error) error {
	if err := s.Begin(ctx); err != nil {
		return err
	}
	if err := f(); err != nil {
		return errors.Join(err, s.Rollback(ctx))
	}
	return s.Commit(ctx)
}

// storeMarks makes the marks part of the transaction, unless a newer run has
// taken over: then nothing of it may become durable (I10).
func (s *sink) storeMarks(ctx context.Context) error {
	l, err := s.w.ledger()
	if err != nil {
		return err
	}
	run, found, err := l.run(ctx, s.session, s.task.Job, l.sql.Shared)
	if err != nil {
		return fmt.Errorf("reading table %s: %w", l.name, err)
	}
	if !found || run != s.task.Run {
		return errclass.With(errclass.Fenced, fmt.Errorf("another run of job %q has taken over: run %d, this one is %d", s.task.Job, run, s.task.Run))
	}
	for i := range s.marks {
		if err := s.store(ctx, l, &s.marks[i]); err != nil {
			return fmt.Errorf("storing the position of split %s in table %s: %w", s.marks[i].Split, l.name, err)
		}
	}
	return nil
}

// store writes one mark.
func (s *sink) store(ctx context.Context, l *ledger, m *record.Mark) error {
	if !s.kept[m.Split] {
		rows, err := s.session.Query(ctx, "SELECT "+l.d.Quote("run")+" FROM "+l.table+l.where(s.task.Job, m.Split))
		if err != nil {
			return err
		}
		if s.kept == nil {
			s.kept = map[string]bool{}
		}
		s.kept[m.Split] = true // nothing is kept of a sink whose transaction fails
		if len(rows) == 0 {
			return s.session.Exec(ctx, l.insert(s.task.Job, m.Split, s.task.Run, s.task.Plan, m.Done, m.Position, m.State))
		}
	}
	return s.session.Exec(ctx, l.update(s.task.Job, m.Split, s.task.Run, s.task.Plan, m.Done, m.Position, m.State))
}
