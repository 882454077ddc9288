package mysqlkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// classes are the vendor codes (MySQL 8, MariaDB 10.11, TiDB) that are not
// permanent. Numbers from 1000 on are the server's, from 2000 on the client's.
var classes = map[uint16]errclass.Class{
	1021: errclass.Transient, // disk full
	1040: errclass.Transient, // too many connections
	1043: errclass.Transient, // bad handshake
	1053: errclass.Transient, // server shutdown in progress
	1079: errclass.Transient, // shutdown complete
	1114: errclass.Transient, // the table is full: no room on the disk
	1152: errclass.Transient, // aborted connection
	1158: errclass.Transient, // error reading communication packets
	1159: errclass.Transient, // timeout reading
	1160: errclass.Transient, // error writing
	1161: errclass.Transient, // timeout writing
	1184: errclass.Transient, // aborted connection
	1203: errclass.Transient, // too many connections of the user
	1205: errclass.Transient, // lock wait timeout
	1206: errclass.Transient, // no room for more locks
	1213: errclass.Transient, // deadlock
	1226: errclass.Transient, // a resource of the user is used up
	1317: errclass.Transient, // the query was killed
	1412: errclass.Transient, // table definition has changed, repeat
	1461: errclass.Transient, // too many prepared statements
	1614: errclass.Transient, // XA deadlock
	1615: errclass.Transient, // statement must be prepared again
	1927: errclass.Transient, // MariaDB: connection was killed
	2006: errclass.Transient, // server has gone away
	2013: errclass.Transient, // connection lost
	4031: errclass.Transient, // disconnected for inactivity
	9001: errclass.Transient, // TiDB: placement driver timeout
	9002: errclass.Transient, // TiDB: storage timeout
	9003: errclass.Transient, // TiDB: storage busy
	9004: errclass.Transient, // TiDB: lock resolution timeout
	9005: errclass.Transient, // TiDB: region unavailable

	1044: errclass.Config, // no access to the database
	1045: errclass.Config, // wrong user or password
	1049: errclass.Config, // unknown database
	1054: errclass.Config, // unknown column
	1064: errclass.Config, // syntax error
	1109: errclass.Config, // unknown table in a clause
	1130: errclass.Config, // host may not connect
	1142: errclass.Config, // no access to the table
	1143: errclass.Config, // no access to the column
	1146: errclass.Config, // no such table
	1149: errclass.Config, // syntax error
	1193: errclass.Config, // unknown session variable
	1227: errclass.Config, // a privilege is missing
	1231: errclass.Config, // wrong value of a session variable
	1248: errclass.Config, // derived table without an alias
	1288: errclass.Config, // the target cannot be changed: a view
	1290: errclass.Config, // the server is read only
	1298: errclass.Config, // unknown time zone
	1305: errclass.Config, // no such function
	1370: errclass.Config, // no access to the routine
	1471: errclass.Config, // the target takes no rows: a view
	1698: errclass.Config, // wrong user or password
	1792: errclass.Config, // the transaction is read only
	1820: errclass.Config, // the password must be changed first
	1836: errclass.Config, // the server is in read-only mode
	1862: errclass.Config, // the password has expired
	1906: errclass.Config, // MariaDB: a generated column is written
	3105: errclass.Config, // a generated column is written
	3118: errclass.Config, // the account is locked
	3955: errclass.Config, // the account is blocked
	4151: errclass.Config, // MariaDB: the account is locked
}

// remedies say what to do where the server does not.
var remedies = map[uint16]string{
	1142: "grant it to the user", 1143: "grant it to the user",
	1290: "name a server in jdbcUrl that takes changes", 1836: "name a server in jdbcUrl that takes changes",
	1205: "end the transaction that holds the lock", 1021: "make room on the server's disk", 1114: "make room on the server's disk",
}

// reasons are the vendor codes that put one row at fault.
var reasons = map[uint16]errclass.Reason{
	1022: errclass.Duplicate, 1062: errclass.Duplicate, 1169: errclass.Duplicate, 1586: errclass.Duplicate,
	1048: errclass.Null, 1263: errclass.Null, 1364: errclass.Null, 1566: errclass.Null,
	1264: errclass.Overflow, 1406: errclass.Overflow, 1441: errclass.Overflow, 1690: errclass.Overflow,
	1265: errclass.Conversion, 1292: errclass.Conversion, 1367: errclass.Conversion, 1411: errclass.Conversion,
	1416: errclass.Conversion, 3037: errclass.Conversion, 3616: errclass.Conversion, 3617: errclass.Conversion, 3643: errclass.Conversion,
	3140: errclass.Conversion, 3141: errclass.Conversion, 3156: errclass.Conversion,
	1366: errclass.Encoding, 1300: errclass.Encoding, 3988: errclass.Encoding,
	1216: errclass.Constraint, 1369: errclass.Constraint, 1451: errclass.Constraint, 1452: errclass.Constraint,
	1526: errclass.Constraint, 1557: errclass.Constraint, 1644: errclass.Constraint, 1748: errclass.Constraint,
	3819: errclass.Constraint, 4025: errclass.Constraint,
	1118: errclass.TooLarge, 1153: errclass.TooLarge, 1301: errclass.TooLarge,
}

const noTable = 1146

// Code returns the server's error number, or 0 if err is none of the server's.
func Code(err error) uint16 {
	var e *mysql.MyError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// Reason tells why the server refuses a row; false if the row is not at fault.
func Reason(err error) (errclass.Reason, bool) {
	r, ok := reasons[Code(err)]
	return r, ok
}

// Classify returns err marked with its class: what the server answered by its
// code, anything that cuts the connection as transient. That of a statement over
// a table which is not there is an sqlkit.ErrNoTable.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if code := Code(err); code != 0 {
		if c, ok := classes[code]; ok {
			if advice := remedies[code]; advice != "" && errclass.Of(err) != c { // not classified before
				err = fmt.Errorf("%w: %s", err, advice)
			}
			if code == noTable && !errors.Is(err, sqlkit.ErrNoTable) {
				err = fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err)
			}
			return errclass.With(c, err)
		}
		if _, ok := Reason(err); ok {
			return errclass.With(errclass.Data, err)
		}
		return errclass.With(errclass.Permanent, err)
	}
	if c := errclass.Of(err); c != errclass.Permanent {
		return err
	}
	if isCertificate(err) {
		return errclass.With(errclass.Config, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, mysql.ErrBadConn) || errors.Is(err, os.ErrDeadlineExceeded) {
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
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verify)
}
