package mysqlread

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

var _ sqlread.Watermarker = (*Driver)(nil)

// engineStatus lists InnoDB's transactions. information_schema.innodb_trx has
// them as a table, but as they were when it was last read, as long as it is read
// more than ten times a second, by whomever.
const engineStatus = "SHOW ENGINE INNODB STATUS"

// writing is a line of the list: a transaction is given a number with its first
// write or locking read. MySQL shows one without as if it were numbered from
// 2^48 on, MariaDB as an address.
var writing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^---TRANSACTION (\d+), (?:(?:ACTIVE|ACTIVE \(PREPARED\)) (\d+) sec|(COMMITTED IN MEMORY))`)
})

const (
	numbered = 1 << 48
	listHead = "LIST OF TRANSACTIONS FOR EACH SESSION:"
	listCut  = "... truncated..."
	// longAgo stands for a beginning that the list does not tell.
	longAgo = 365 * 24 * time.Hour
)

const (
	codeAccessDenied  = 1227 // for lack of a privilege
	codeCommandDenied = 1142
)

// OldestWrite implements [sqlread.Watermarker]. The list needs the privilege
// PROCESS.
func (d *Driver) OldestWrite(ctx context.Context, s sqlread.Session) (began, now time.Time, err error) {
	row, err := s.First(ctx, engineStatus)
	now = time.Now() // ages are all that the list tells
	if err != nil {
		err = fmt.Errorf("asking for open transactions: %w", err)
		if code := mysqlkit.Code(err); code == codeAccessDenied || code == codeCommandDenied {
			err = errclass.With(errclass.Permanent, fmt.Errorf("%w; GRANT PROCESS ON *.* lets it be asked", err))
		}
		return began, now, err
	}
	if len(row) != 3 || row[2] == nil {
		return began, now, errclass.With(errclass.Permanent, errors.New("asking for open transactions: the server has no InnoDB"))
	}
	if age, found := oldestWriting(*row[2]); found {
		began = now.Add(-age)
	}
	return began, now, nil
}

// oldestWriting returns how long the oldest transaction that writes has been
// open, or longer; false if there is none.
func oldestWriting(status string) (age time.Duration, found bool) {
	if !strings.Contains(status, listHead) || strings.Contains(status, listCut) {
		return longAgo, true
	}
	for _, m := range writing().FindAllStringSubmatch(status, -1) {
		if n, err := strconv.ParseUint(m[1], 10, 64); err == nil && n >= numbered {
			continue
		}
		one := longAgo // it ends just now
		if seconds, err := strconv.ParseInt(m[2], 10, 32); m[3] == "" && err == nil {
			one = time.Duration(seconds+1) * time.Second // they are cut off
		}
		age, found = max(age, one), true
	}
	return age, found
}
