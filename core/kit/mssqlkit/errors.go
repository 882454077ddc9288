package mssqlkit

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// classes are the server's error numbers that are not permanent, as
// sys.messages lists them.
var classes = map[int32]errclass.Class{
	617:   errclass.Transient, // a descriptor of an object was not found: repeat
	669:   errclass.Transient, // the row object is inconsistent: repeat
	701:   errclass.Transient, // not enough memory
	802:   errclass.Transient, // not enough memory in the buffer pool
	845:   errclass.Transient, // time-out of a buffer latch
	846:   errclass.Transient,
	847:   errclass.Transient,
	921:   errclass.Transient, // the database has not been recovered yet
	922:   errclass.Transient, // the database is being recovered
	926:   errclass.Transient, // the database is suspect for the moment of a fail-over
	927:   errclass.Transient, // the database is being restored
	942:   errclass.Transient, // the database is offline
	952:   errclass.Transient, // the database is in transition
	976:   errclass.Transient, // an availability group's secondary
	978:   errclass.Transient, // the replica takes read-intent connections only, for now
	979:   errclass.Transient,
	981:   errclass.Transient,
	982:   errclass.Transient,
	983:   errclass.Transient,
	988:   errclass.Transient,
	1204:  errclass.Transient, // out of locks
	1205:  errclass.Transient, // deadlock victim
	1221:  errclass.Transient, // lock released too early
	1222:  errclass.Transient, // lock request time-out
	1413:  errclass.Transient, // a mirrored database changes its role
	1421:  errclass.Transient,
	1807:  errclass.Transient, // no exclusive lock on model
	2801:  errclass.Transient, // the definition of an object has changed: repeat
	3023:  errclass.Transient, // a backup is going on
	3635:  errclass.Transient, // a wait was interrupted
	3906:  errclass.Transient, // the database is read only: a fail-over is under way
	3928:  errclass.Transient, // the marked transaction failed: repeat
	3935:  errclass.Transient, // a FILESTREAM context is not ready
	3957:  errclass.Transient, // snapshot isolation: the database recovers
	3960:  errclass.Transient, // snapshot isolation: an update conflict
	3961:  errclass.Transient, // snapshot isolation: metadata was changed
	3966:  errclass.Transient, // snapshot isolation: the row version is gone
	3967:  errclass.Transient,
	4060:  errclass.Config,    // the database cannot be opened by this login
	4064:  errclass.Config,    // the default database cannot be opened
	4221:  errclass.Transient, // the replica is not ready for logins
	5011:  errclass.Config,    // no permission for ALTER DATABASE
	6005:  errclass.Transient, // SHUTDOWN is in progress
	6006:  errclass.Transient,
	8628:  errclass.Transient, // time-out waiting to optimise the query
	8645:  errclass.Transient, // time-out waiting for memory
	8651:  errclass.Transient, // not enough memory for the query
	9001:  errclass.Transient, // the log is not available
	9002:  errclass.Transient, // the log is full: a backup of it may be running
	1101:  errclass.Transient, // no new page: the file group is full
	1105:  errclass.Transient, // the file group is full
	10053: errclass.Transient, // the connection was aborted
	10054: errclass.Transient, // the connection was reset
	10060: errclass.Transient, // the connection timed out
	10928: errclass.Transient, // Azure: a resource limit was reached
	10929: errclass.Transient, // Azure: a resource limit was reached
	17142: errclass.Transient, // the server is paused
	17197: errclass.Transient, // login time-out
	17809: errclass.Transient, // too many connections
	17830: errclass.Transient, // network error while connecting
	18401: errclass.Transient, // the server is being upgraded
	18451: errclass.Transient, // only administrators may connect now
	18461: errclass.Transient, // the server is in single user mode
	20041: errclass.Transient,
	40143: errclass.Transient, // Azure
	40197: errclass.Transient, // Azure: the service had an error
	40501: errclass.Transient, // Azure: the service is busy
	40540: errclass.Transient, // Azure
	40544: errclass.Permanent, // Azure: the database is full
	40613: errclass.Transient, // Azure: the database is not available
	41301: errclass.Transient, // in-memory: a dependency failed
	41302: errclass.Transient, // in-memory: an update conflict
	41305: errclass.Transient, // in-memory: repeatable read could not be kept
	41325: errclass.Transient, // in-memory: serializable could not be kept
	41839: errclass.Transient, // in-memory: too many dependencies
	42108: errclass.Transient, // Azure: the pool resumes
	42109: errclass.Transient, // Azure: the pool resumes
	49918: errclass.Transient, // Azure
	49919: errclass.Transient, // Azure
	49920: errclass.Transient, // Azure

	102:   errclass.Config, // syntax
	103:   errclass.Config, // an identifier is too long
	105:   errclass.Config, // a quote is not closed
	107:   errclass.Config, // the prefix is not of any table
	137:   errclass.Config, // a variable is not declared
	156:   errclass.Config, // syntax near a keyword
	170:   errclass.Config, // syntax
	195:   errclass.Config, // no such function
	207:   errclass.Config, // no such column
	208:   errclass.Config, // no such table
	209:   errclass.Config, // an ambiguous column
	229:   errclass.Config, // no permission on the object
	230:   errclass.Config, // no permission on the column
	262:   errclass.Config, // no permission in the database
	271:   errclass.Config, // a computed column cannot be written
	272:   errclass.Config, // a timestamp column cannot be written
	297:   errclass.Config, // no permission for the action
	300:   errclass.Config, // VIEW SERVER STATE is missing
	319:   errclass.Config, // syntax near WITH
	544:   errclass.Config, // an identity column without IDENTITY_INSERT
	911:   errclass.Config, // no such database
	916:   errclass.Config, // the login is not a user of the database
	1033:  errclass.Config, // ORDER BY in a view or subselect
	1088:  errclass.Config, // no such object, or no permission
	1934:  errclass.Config, // wrong SET options
	2702:  errclass.Config, // no such database
	2714:  errclass.Config, // the object is there already
	2716:  errclass.Config, // a type cannot have a length
	2715:  errclass.Config, // no such type
	2739:  errclass.Config, // text in a local variable
	2760:  errclass.Config, // no such schema
	2812:  errclass.Config, // no such procedure
	3701:  errclass.Config, // cannot drop what is not there
	3952:  errclass.Config, // snapshot isolation is not allowed in the database
	4121:  errclass.Config, // no such function
	4405:  errclass.Config, // the view cannot be written: several tables
	4406:  errclass.Config, // the view cannot be written: derived columns
	4834:  errclass.Config, // no permission to load in bulk
	4902:  errclass.Config, // no such object
	8102:  errclass.Config, // an identity column cannot be updated
	8101:  errclass.Config, // IDENTITY_INSERT without a column list
	8107:  errclass.Config, // IDENTITY_INSERT is on for another table
	8155:  errclass.Config, // a column has no name
	8156:  errclass.Config, // a column name twice
	11501: errclass.Config, // the statement's result cannot be told
	11502: errclass.Config, 11503: errclass.Config, 11504: errclass.Config, 11505: errclass.Config,
	11506: errclass.Config, 11507: errclass.Config, 11508: errclass.Config, 11509: errclass.Config,
	11513: errclass.Config, 11514: errclass.Config, 11521: errclass.Config, 11525: errclass.Config,
	11526: errclass.Config, 11529: errclass.Config,
	15151: errclass.Config, // no such object, or no permission
	18452: errclass.Config, // an untrusted domain
	18456: errclass.Config, // wrong user or password
	18470: errclass.Config, // the login is disabled
	18486: errclass.Config, // the login is locked
	18487: errclass.Config, // the password has expired
	18488: errclass.Config, // the password must be changed first
	40615: errclass.Config, // Azure: the firewall
}

// reasons are the error numbers that put one row at fault.
var reasons = map[int32]errclass.Reason{
	2601: errclass.Duplicate, 2627: errclass.Duplicate, 3604: errclass.Duplicate, 1505: errclass.Duplicate,
	8672: errclass.Duplicate, // two rows of a MERGE find one row: keys that only the collation takes for equal
	515:  errclass.Null, 233: errclass.Null,
	547: errclass.Constraint, 3609: errclass.Constraint, 548: errclass.Constraint, 550: errclass.Constraint, 1776: errclass.Constraint, 1766: errclass.Constraint,
	220: errclass.Overflow, 232: errclass.Overflow, 244: errclass.Overflow, 248: errclass.Overflow, 8115: errclass.Overflow,
	8152: errclass.Overflow, 2628: errclass.Overflow, 4815: errclass.Overflow, 4863: errclass.Overflow, 4867: errclass.Overflow, 7339: errclass.Overflow,
	241: errclass.Conversion, 242: errclass.Conversion, 245: errclass.Conversion, 206: errclass.Conversion, 235: errclass.Conversion,
	257: errclass.Conversion, 293: errclass.Conversion, 295: errclass.Conversion, 296: errclass.Conversion, 298: errclass.Conversion,
	517: errclass.Conversion, 529: errclass.Conversion, 4864: errclass.Conversion, 8114: errclass.Conversion, 8169: errclass.Conversion,
	9807: errclass.Conversion, 6522: errclass.Conversion, 9803: errclass.Conversion, 8023: errclass.Conversion,
	9400: errclass.Conversion, 9402: errclass.Conversion, 9410: errclass.Conversion, 9411: errclass.Conversion, 9412: errclass.Conversion,
	9413: errclass.Conversion, 9420: errclass.Encoding, 9436: errclass.Conversion, 9455: errclass.Conversion, 9459: errclass.Conversion,
	6913: errclass.Constraint, 6926: errclass.Constraint, // XML that its schema refuses
	13608: errclass.Conversion, 13609: errclass.Conversion, // JSON
	511: errclass.TooLarge, 1701: errclass.TooLarge, 1946: errclass.TooLarge, 7139: errclass.TooLarge,
}

// userErrors is where the numbers of RAISERROR and THROW begin: a trigger
// refuses a row by them.
const userErrors = 50000

// Code returns the server's error number, or 0 if err is none of the server's.
func Code(err error) int { return int(code(err)) }

func code(err error) int32 {
	var e mssql.Error
	if errors.As(err, &e) {
		return decisive(&e).Number
	}
	return 0
}

// decisive is the error that says what happened: others, such as 3621 (the
// statement has been terminated), only say what came of it.
func decisive(e *mssql.Error) *mssql.Error {
	for i := range e.All {
		if n := e.All[i].Number; n != 3621 && n != 3609 {
			if _, ok := classes[n]; ok {
				return &e.All[i]
			}
			if _, ok := reasons[n]; ok || n >= userErrors {
				return &e.All[i]
			}
		}
	}
	return e
}

// Reason tells why the server refuses a row; false if no row is at fault.
func Reason(err error) (errclass.Reason, bool) {
	n := code(err)
	if n >= userErrors {
		return errclass.Constraint, true
	}
	r, ok := reasons[n]
	return r, ok
}

// Classify returns err marked with its class: what the server answered by its
// number, anything that cuts the connection as transient.
func Classify(err error) error { return classify(err, nil) }

func classify(err error, w *wire) error {
	if err == nil {
		return nil
	}
	if c := errclass.Of(err); c != errclass.Permanent {
		return err
	}
	if n := code(err); n != 0 {
		return classifyNumber(n, err)
	}
	var network net.Error
	var fatal mssql.ServerError
	switch {
	case isCertificate(err):
		return errclass.With(errclass.Config, err)
	case w != nil && w.lost() != nil, errors.As(err, &fatal), errors.As(err, &network), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, driver.ErrBadConn), errors.Is(err, os.ErrDeadlineExceeded):
		return errclass.With(errclass.Transient, fmt.Errorf("the connection is lost: %w", err))
	}
	return errclass.With(errclass.Permanent, err)
}

const noTable = 208

func classifyNumber(n int32, err error) error {
	if n == noTable {
		err = fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err)
	}
	if c, ok := classes[n]; ok {
		return errclass.With(c, err)
	}
	r, ok := reasons[n]
	if n >= userErrors {
		r, ok = errclass.Constraint, true
	}
	if ok {
		return errclass.With(errclass.Data, &errclass.Value{Reason: r, Err: err})
	}
	var fatal mssql.ServerError
	var e mssql.Error
	if errors.As(err, &fatal) || errors.As(err, &e) && e.Class >= 20 { // the server has cut the connection
		return errclass.With(errclass.Transient, err)
	}
	return errclass.With(errclass.Permanent, err)
}

// isCertificate tells that the server's certificate was refused.
func isCertificate(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verify) || errors.Is(err, errCertificate)
}
