package mysql

import (
	"context"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

const (
	// fewRows are those that a statement of their own costs more for than they
	// gain by being loaded.
	fewRows = 64
	// mostLoaded bounds what a row may have to be loaded: hex digits are twice
	// as many, and a variable of the server holds them.
	mostLoaded = 1 << 20
	// mostSkipped bounds how often rows are inserted at once after loading has
	// failed.
	mostSkipped = 64
)

// loading is what a session knows of LOAD DATA LOCAL.
type loading struct {
	off  bool // the server takes no files
	last int  // how many writes were skipped after the last failure
	skip int  // writes that are still to be skipped
}

// tryLoad writes rows by LOAD DATA LOCAL, if that is worth a try. done: they
// are in, each as it is. Else nothing of them is.
func (s *session) tryLoad(ctx context.Context, f *form, r *sqlwrite.Rows) (done bool, err error) {
	asked := f.Bulk == bulkLoad
	switch {
	case s.load.off:
		if asked {
			s.sayNoLoad()
		}
		return false, nil
	case r.Len() < fewRows || f.binary && !asked || r.Batch.Size() > mostLoaded:
		return false, nil
	case s.load.skip > 0:
		s.load.skip--
		return false, nil
	}
	name := s.before()
	if err := s.begin(ctx); err != nil {
		return false, err
	}
	answer, err := s.pipe.Load(ctx, f.load, f.encoder, r, s.at, f.loaded)
	f.loaded = f.loaded || err == nil
	refused := mysqlkit.Refusal(err)
	switch {
	case mysqlkit.NoLoad(err):
		s.load.off = true
		if asked {
			s.sayNoLoad()
		}
		return false, nil
	case err != nil && errclass.Of(err) != errclass.Data:
		return false, s.note(err)
	case err == nil && answer.Warnings == 0 && answer.Affected == uint64(r.Len()):
		s.load.last = 0
		return true, nil
	}
	if end := s.note(s.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+name)); end != nil {
		return false, end
	}
	if refused {
		return false, s.allRefused(f, r, err)
	}
	// Rows that are refused seldom come alone: loading is tried again later.
	s.load.last = min(2*s.load.last+1, mostSkipped)
	s.load.skip = s.load.last
	return false, nil
}

// bulkLoad is insertSqlMode: load.
const bulkLoad = "load"

// before makes sure of a savepoint to go back to and returns its name.
func (s *session) before() string {
	if s.saved {
		return savepoint
	}
	s.due = loadSavepoint
	return loadSavepoint
}

func (s *session) sayNoLoad() {
	s.driver.noLoad.Do(func() {
		s.driver.log.Warn("the server takes no LOAD DATA LOCAL, rows are inserted: set its local_infile to ON", "server", s.conn.Server.String())
	})
}
