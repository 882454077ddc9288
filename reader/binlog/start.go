package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// LogSpec is what the split of the log is stored as: where a fresh run begins,
// and what the tables are there. It is made once, when the job is planned, so
// that a run which ends before its first mark begins at the same place again.
type LogSpec struct {
	V       int             `json:"v"`
	Start   *Position       `json:"start"`
	History json.RawMessage `json:"history,omitempty"`
	Create  bool            `json:"create,omitempty"` // begin with a CREATE TABLE of each table
	// Copied is what was copied of the tables before: changes that these rows show
	// are left out.
	Copied []handover.Segment `json:"copied,omitempty"`
	// Ends says that nothing is read of the log any more, since tables are to be
	// copied before it goes on.
	Ends bool `json:"ends,omitempty"`
	// Anew says that the tables were copied again since a position was lost.
	Anew bool `json:"anew,omitempty"`
	// List is the tables that are read from Start on, Lists what others the job was
	// resumed with, in order.
	List  *list    `json:"list,omitempty"`
	Lists []relist `json:"lists,omitempty"`
}

// brief is the spec as all chunks of a plan but the first have it: without the
// definitions of all tables.
func (sp *LogSpec) brief() *LogSpec {
	if sp == nil {
		return nil
	}
	b := *sp
	b.History = nil
	return &b
}

const specVersion = 1

// logSplit is the ID of the split of the log.
const logSplit = "log"

func newLogSpec(start *Position, h *binlogkit.History, create bool) (*LogSpec, error) {
	history, err := h.MarshalJSON()
	if err != nil {
		return nil, err
	}
	start.V, start.At = positionVersion, start.String()
	return &LogSpec{V: specVersion, Start: start, History: history, Create: create}, nil
}

// split makes the split that goes with a spec.
func (s *LogSpec) split() (plugin.Split, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("planning the split of the log: %w", err)
	}
	return plugin.Split{ID: logSplit, Spec: text, Endless: true}, nil
}

func parseLogSpec(split plugin.Split) (*LogSpec, error) {
	var s LogSpec
	if err := json.Unmarshal(split.Spec, &s); err != nil || s.V != specVersion || s.Start == nil {
		return nil, lost("split %q is none of the binlog reader", split.ID)
	}
	return &s, nil
}

// start finds where a fresh run begins, and what the tables are there.
func (r *reader) start(ctx context.Context) (*LogSpec, error) {
	srv, err := connect(ctx, r.settings)
	if err != nil {
		return nil, err
	}
	defer func() { _ = srv.close() }()
	if err := srv.usable(); err != nil {
		return nil, err
	}
	end, history, err := srv.seed(ctx, r.selection.follows)
	if err != nil {
		return nil, err
	}
	at, err := r.place(ctx, srv, end)
	if err != nil {
		return nil, err
	}
	if at != end {
		if history, err = r.rewind(ctx, srv, at, end, history); err != nil {
			return nil, r.unreachable(err)
		}
	}
	spec, err := newLogSpec(at, history, r.config.InitialTableStructure)
	if err == nil {
		spec.Anew, spec.List = r.recopies.Load(), r.list()
	}
	return spec, err
}

// unreachable is about a place of start that the server cannot begin at: no
// position was lost.
func (r *reader) unreachable(err error) error {
	if r.mode() != modeGTID || errclass.Of(err) != errclass.PositionLost {
		return err
	}
	return errclass.With(errclass.Config, config.Fieldf("start.gtidSet", "%s: begin at another place, or with start.mode initial", strings.TrimSuffix(err.Error(), waysOn)))
}

// place returns where the log is to be read from; end itself for its end.
func (r *reader) place(ctx context.Context, srv *server, end *Position) (*Position, error) {
	s := &r.config.Start
	switch r.mode() {
	case modeLatest, modeInitial, modeInitialOnly:
		return end, nil
	case modeGTID:
		if !srv.gtids {
			return nil, errclass.With(errclass.Config, config.Fieldf("start.gtidSet", "server %s has no GTIDs (gtid_mode is not ON): begin with journal-name and position", srv.conn.Addr))
		}
		if _, err := parseSet(srv.flavor, *s.GTIDSet); err != nil {
			return nil, errclass.With(errclass.Config, config.Field("start.gtidSet", err))
		}
		at := &Position{Flavor: srv.flavor, Server: srv.id, ByGTID: true, GTIDs: *s.GTIDSet}
		return at, r.unreachable(srv.reaches(ctx, at))
	}
	files, err := srv.files(ctx)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, srv.usable()
	}
	switch r.mode() {
	case modeEarliest:
		return r.scanTo(ctx, srv, files[0].name, func(*follower, *event) bool { return true })
	case modeFile:
		return r.fileStart(ctx, srv, files)
	case modeTime:
		return r.timeStart(ctx, srv, files, end)
	}
	return nil, errclass.With(errclass.Config, config.Fieldf("start.mode", "%s is not what the log alone begins with", s.mode()))
}

// fileStart finds the place that journal-name and position name.
func (r *reader) fileStart(ctx context.Context, srv *server, files []logFile) (*Position, error) {
	s := &r.config.Start
	for _, f := range files {
		if f.name != s.JournalName {
			continue
		}
		offset := uint64(max(s.Position, 4))
		if offset > f.size {
			return nil, errclass.With(errclass.Config, config.Fieldf("start.position", "%d is beyond the end of %s, which has %d bytes", s.Position, f.name, f.size))
		}
		at, err := r.scanTo(ctx, srv, f.name, func(f *follower, e *event) bool { return f.offset >= offset })
		switch {
		case err != nil:
			return nil, err
		case at == nil || at.Offset != offset && offset > 4:
			return nil, errclass.With(errclass.Config, config.Fieldf("start.position", "%d is no place of %s where a transaction begins", s.Position, f.name))
		}
		return at, nil
	}
	return nil, errclass.With(errclass.Config, config.Fieldf("start.journal-name", "server %s has no log file %s; it has %s to %s", srv.conn.Addr, s.JournalName, files[0].name, files[len(files)-1].name))
}

// timeStart finds the first transaction that was committed at a time or later:
// in the last file that was begun before it.
func (r *reader) timeStart(ctx context.Context, srv *server, files []logFile, end *Position) (*Position, error) {
	since := time.UnixMilli(r.config.Start.Timestamp)
	low, high := 0, len(files)-1
	for low < high {
		middle := (low + high + 1) / 2
		begun, err := r.born(ctx, srv, files[middle].name)
		if err != nil {
			return nil, err
		}
		born := time.Unix(int64(begun), 0)
		if born.Add(time.Second).After(since) { // it is cut to seconds
			high = middle - 1
		} else {
			low = middle
		}
	}
	at, err := r.scanTo(ctx, srv, files[low].name, func(f *follower, e *event) bool {
		return !f.idle() && !f.tx.time.Before(since)
	})
	if err == nil && at == nil {
		return end, nil
	}
	return at, err
}

// scanTo reads a file from its begin until reached says so, and returns the
// place before the transaction that is open then; nil at the log's end.
func (r *reader) scanTo(ctx context.Context, srv *server, file string, reached func(f *follower, e *event) bool) (*Position, error) {
	var at *Position
	begin := &Position{Flavor: srv.flavor, Server: srv.id, File: file, Offset: 4}
	f, err := r.scan(ctx, srv, begin, func(f *follower, e *event) (bool, error) {
		if f.learns && srv.gtids || f.born == 0 {
			return true, nil // the head of the file
		}
		if f.idle() {
			at = f.position(srv.id)
		}
		return !reached(f, e) || at == nil, nil
	})
	if err != nil || f != nil {
		return nil, err
	}
	return at, nil
}

// scan reads the log from a place to its end, or until visit returns false. It
// returns the follower at the end, nil if visit has ended it.
func (r *reader) scan(ctx context.Context, srv *server, from *Position, visit func(f *follower, e *event) (more bool, err error)) (*follower, error) {
	conn, err := mysqlkit.Dial(ctx, srv.again())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, conn.Interrupt)
	defer stop()
	f, err := newFollower(from, srv.flavor == flavorMariaDB)
	if err != nil {
		return nil, err
	}
	f.learns = !from.ByGTID && srv.gtids && from.Offset <= 4
	d, err := conn.Dump(ctx, f.dumpFrom(), mysqlkit.DumpOptions{ServerID: r.serverID(), UUID: newUUID(), Once: true})
	if err != nil {
		return nil, err
	}
	for {
		raw, err := d.Next(0)
		switch {
		case errors.Is(err, io.EOF) && errclass.Of(err) == errclass.Permanent:
			return f, nil
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, explainDump(err)
		}
		e, err := f.take(raw, false)
		if err != nil {
			return nil, fmt.Errorf("reading the log at %s:%d: %w", f.file, e.start, err)
		}
		switch {
		case e.kind == payload, e.kind == xaCommit, e.kind == xaRollback, e.kind == statement && f.single:
			f.settle(&e)
		}
		more, err := visit(f, &e)
		if err != nil || !more {
			return nil, err
		}
	}
}

// rewind makes what the tables are at the log's end into what they were at an
// earlier place: tables that no statement has changed since then.
func (r *reader) rewind(ctx context.Context, srv *server, at, end *Position, history *binlogkit.History) (*binlogkit.History, error) {
	r.log.Info("looking for schema changes between the start and the log's end", "from", at.String(), "to", end.String())
	changed := map[record.Name]bool{}
	_, err := r.scan(ctx, srv, at, func(f *follower, e *event) (bool, error) {
		if e.kind == statement && binlogkit.IsDDL(e.query.Query) {
			sp := srv.spelled(e)
			for _, name := range history.Names(sp.database, sp.plain) {
				changed[lower(name)] = true
			}
		}
		return f.file != end.File || f.offset < end.Offset, nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range history.Tables() {
		if changed[lower(d.Name())] || changed[lower(record.Name{Database: d.Database})] {
			history.Forget(d.Name())
		}
	}
	return history, nil
}
