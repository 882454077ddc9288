package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

var _ sqlread.Watermarker = (*driver)(nil)

// oldestWrite asks InnoDB for the oldest transaction that has an identifier of
// its own, which it is given with its first write or locking read; those that
// have none are numbered from 2^48 by MySQL and 0 by MariaDB. A prepared XA
// transaction is listed as well. The list needs the privilege PROCESS.
//
// TIMESTAMPDIFF leaves the fraction out of both, so that the age is at most a
// second too large.
const oldestWrite = `SELECT UTC_TIMESTAMP(6), MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW()) + 1)
FROM information_schema.innodb_trx WHERE trx_id > 0 AND trx_id < 281474976710656`

const (
	codeAccessDenied  = 1227 // of a privilege
	codeUnknownTable  = 1109 // in information_schema
	codeCommandDenied = 1142
	codeNoSuchTable   = 1146
)

// OldestWrite implements [sqlread.Watermarker].
func (d *driver) OldestWrite(ctx context.Context, s sqlread.Session) (began, now time.Time, err error) {
	row, err := s.First(ctx, oldestWrite)
	if err != nil {
		err = fmt.Errorf("asking for open transactions: %w", err)
		switch mysqlkit.Code(err) {
		case codeAccessDenied, codeCommandDenied:
			err = errclass.With(errclass.Permanent, fmt.Errorf("%w; GRANT PROCESS ON *.* lets it be asked", err))
		case codeUnknownTable, codeNoSuchTable: // TiDB
			err = errclass.With(errclass.Permanent, err)
		}
		return began, now, err
	}
	if len(row) != 2 || row[0] == nil {
		return began, now, errclass.With(errclass.Transient, fmt.Errorf("asking for open transactions: no row came back"))
	}
	if now, err = time.Parse("2006-01-02 15:04:05.999999", *row[0]); err != nil {
		return began, now, errclass.With(errclass.Permanent, fmt.Errorf("asking for open transactions: %w", err))
	}
	if row[1] == nil {
		return began, now, nil
	}
	age, err := time.ParseDuration(*row[1] + "s")
	if err != nil {
		return began, now, errclass.With(errclass.Permanent, fmt.Errorf("asking for open transactions: %w", err))
	}
	return now.Add(-age), now, nil
}
