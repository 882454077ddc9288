package binlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// codeFatalDump is the server's error for all that keeps it from sending its log.
const codeFatalDump = 1236

// reaches checks that a server can go on from a place: that it is the one that
// the place belongs to, or one of its group, and that nothing is missing.
func (s *server) reaches(ctx context.Context, at *Position) error {
	if at.Flavor != s.flavor {
		return lost("the position %s is one of %s, and %s is %s", at, at.Flavor, s.conn.Addr, s.conn.Server)
	}
	if !at.ByGTID {
		return s.reachesFile(ctx, at)
	}
	if !s.gtids {
		return lost("the position %s is a GTID set, and server %s has gtid_mode off", at, s.conn.Addr)
	}
	if s.flavor == flavorMariaDB {
		return s.reachesMariaDB(ctx, at)
	}
	set := mysqlkit.Dialect.Text(at.GTIDs)
	r, err := s.conn.Query(ctx, fmt.Sprintf("SELECT GTID_SUBTRACT(@@GLOBAL.gtid_purged, %s) AS purged, GTID_SUBTRACT(%[1]s, @@GLOBAL.gtid_executed) AS ahead", set))
	if err != nil || len(r.Rows) != 1 {
		return fmt.Errorf("comparing GTID sets: %w", err)
	}
	if purged := oneLine(r.Column(0, "purged")); purged != "" {
		return lost("server %s has purged transactions that were not read yet: %s", s.conn.Addr, purged)
	}
	if ahead := oneLine(r.Column(0, "ahead")); ahead != "" {
		return s.ahead(ctx, at, ahead)
	}
	return nil
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }

// ahead is about transactions that were read and that the server does not have.
func (s *server) ahead(ctx context.Context, at *Position, missing string) error {
	if at.Server != s.id && s.replicates(ctx) {
		return errclass.With(errclass.Transient, fmt.Errorf("server %s has not yet got the transactions %s, which were read from another one", s.conn.Addr, missing))
	}
	if at.V == 0 { // a place that a person has named
		return lost("server %s does not have the transactions %s", s.conn.Addr, missing)
	}
	if at.Server == s.id {
		return lost("server %s no longer has the transactions %s that were read from it: its log was reset", s.conn.Addr, missing)
	}
	return lost("server %s does not have the transactions %s that were read from another one: it was not a replica of that one", s.conn.Addr, missing)
}

// replicates tells that the server is a replica that runs.
func (s *server) replicates(ctx context.Context) bool {
	for _, sql := range []string{"SHOW REPLICA STATUS", "SHOW ALL SLAVES STATUS", "SHOW SLAVE STATUS"} {
		r, err := s.conn.Query(ctx, sql)
		if err != nil {
			continue
		}
		for i := range r.Rows {
			if r.Column(i, "Replica_SQL_Running") == "Yes" || r.Column(i, "Slave_SQL_Running") == "Yes" {
				return true
			}
		}
		return false
	}
	return false
}

// reachesMariaDB compares the newest transactions of each domain. What is
// purged, the server finds itself.
func (s *server) reachesMariaDB(ctx context.Context, at *Position) error {
	r, err := s.conn.Query(ctx, "SELECT @@GLOBAL.gtid_binlog_state AS state")
	if err != nil || len(r.Rows) != 1 {
		return fmt.Errorf("asking for gtid_binlog_state: %w", err)
	}
	newest := map[uint32]uint64{}
	for text := range strings.SplitSeq(r.Column(0, "state"), ",") {
		if text == "" {
			continue
		}
		g, err := gomysql.ParseMariadbGTID(text)
		if err != nil {
			return fmt.Errorf("asking for gtid_binlog_state: %w", err)
		}
		newest[g.DomainID] = max(newest[g.DomainID], g.SequenceNumber)
	}
	set, err := at.set()
	if err != nil {
		return lost("%w", err)
	}
	ours, ok := set.(*gomysql.MariadbGTIDSet)
	if !ok {
		return lost("the position %s is none of MariaDB", at)
	}
	for domain, g := range ours.Sets {
		if g.SequenceNumber > newest[domain] {
			return s.ahead(ctx, at, g.String())
		}
	}
	return nil
}

// sameLog finds that a server's log was begun anew since a place in it was
// read: what was written to it since then may have the same names and GTIDs.
func (r *reader) sameLog(ctx context.Context, srv *server, at *Position) error {
	if at.Server != srv.id || at.File == "" || at.Born == 0 {
		return nil
	}
	files, err := srv.files(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	if last := files[len(files)-1].name; fileNumber(last) < fileNumber(at.File) {
		return lost("the log of server %s was reset: its newest file is %s, and %s was read", srv.conn.Addr, last, at.File)
	}
	if !slices.ContainsFunc(files, func(f logFile) bool { return f.name == at.File }) {
		return nil // purged
	}
	born, err := r.born(ctx, srv, at.File)
	if err == nil && born != at.Born {
		err = lost("the log of server %s was reset: its file %s is another one than the one that was read", srv.conn.Addr, at.File)
	}
	return err
}

// born returns when a log file was begun.
func (r *reader) born(ctx context.Context, srv *server, file string) (born uint32, err error) {
	_, err = r.scan(ctx, srv, &Position{Flavor: srv.flavor, File: file, Offset: 4}, func(f *follower, _ *event) (bool, error) {
		born = f.born
		return born == 0, nil
	})
	return born, err
}

// reachesFile checks a place that is a file's offset: it means something to one
// server alone.
func (s *server) reachesFile(ctx context.Context, at *Position) error {
	if at.Server != "" && at.Server != s.id {
		return lost("the position %s is one of another server (%s), and %s is %s; without GTIDs (gtid_mode=ON) no other server can go on from there", at, at.Server, s.conn.Addr, s.id)
	}
	files, err := s.files(ctx)
	if err != nil {
		return err
	}
	for i, f := range files {
		if f.name != at.File {
			continue
		}
		if i == len(files)-1 {
			// The list may be older than what was read.
			if end, err := s.end(ctx); err == nil && end.File == f.name {
				f.size = max(f.size, end.Offset)
			}
		}
		if f.size < at.Offset {
			return lost("the log of server %s was reset: %s has %d bytes, and was read up to %d", s.conn.Addr, f.name, f.size, at.Offset)
		}
		return nil
	}
	if len(files) == 0 {
		return s.usable()
	}
	return lost("server %s no longer has the log file %s (its oldest is %s): it was purged, or the log was reset", s.conn.Addr, at.File, files[0].name)
}

// explainFatal sorts the server's error of many causes by its text, which is
// all that tells them apart.
func explainFatal(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "same server_uuid/server_id") || strings.Contains(text, "same server_id"):
		return errclass.With(errclass.Config, fmt.Errorf("%w: another replica has the same number; set slaveId to one that no other has", err))
	case strings.Contains(text, "max_allowed_packet"):
		return errclass.With(errclass.Permanent, fmt.Errorf("%w: raise max_allowed_packet of the server", err))
	case strings.Contains(text, "purged"), strings.Contains(text, "Could not find"), strings.Contains(text, "more GTIDs"),
		strings.Contains(text, "impossible position"), strings.Contains(text, "start replication from position"), strings.Contains(text, "not in the master's binlog"):
		return lost("%w", err)
	}
	return errclass.With(errclass.Permanent, errors.New(text))
}
