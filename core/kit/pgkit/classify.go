package pgkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// classes are the SQLSTATEs, or their first two characters, that are not
// permanent; the longer one counts. See Appendix A of PostgreSQL's manual.
var classes = map[string]errclass.Class{
	"08":    errclass.Transient, // connection
	"40":    errclass.Transient, // rolled back: deadlock, serialization
	"53":    errclass.Transient, // resources: disk full, memory, connections
	"57":    errclass.Transient, // cancelled, shut down, killed
	"58":    errclass.Transient, // system: I/O
	"55P03": errclass.Transient, // lock not available
	"55006": errclass.Transient, // object in use
	"25006": errclass.Transient, // read-only: a fail-over is under way, or a standby
	"25P03": errclass.Transient, // idle in transaction for too long
	"25P04": errclass.Transient, // transaction took too long
	"72000": errclass.Transient, // snapshot too old
	"57P04": errclass.Permanent, // the database was dropped
	"40002": errclass.Data,      // a constraint, checked at the end

	"28":    errclass.Config, // authentication
	"3D":    errclass.Config, // no such database
	"3F":    errclass.Config, // no such schema
	"42":    errclass.Config, // syntax, privilege, names, types
	"0A000": errclass.Config, // not supported
	"22023": errclass.Config, // wrong value of a setting

	"42P17": errclass.Permanent,
	"42P10": errclass.Config, // ON CONFLICT without such a key
	"42804": errclass.Config,

	"22": errclass.Data, // a value
	"23": errclass.Data, // a constraint
	"44": errclass.Data, // WITH CHECK OPTION
	"P0": errclass.Data, // RAISE in a trigger

	"54000": errclass.Data, // an index row, a text or an array is too large
	"54001": errclass.Permanent,
}

// reasons are the SQLSTATEs, or their first two characters, that put one row
// at fault.
var reasons = map[string]errclass.Reason{
	"23502": errclass.Null, "22004": errclass.Null,
	"23505": errclass.Duplicate, "21000": errclass.Duplicate,
	"23": errclass.Constraint, "44": errclass.Constraint, "P0": errclass.Constraint, "40002": errclass.Constraint,
	"22003": errclass.Overflow, "22008": errclass.Overflow, "22001": errclass.Overflow, "22015": errclass.Overflow,
	"22026": errclass.Overflow, "54000": errclass.TooLarge,
	"22021": errclass.Encoding, "22P05": errclass.Encoding,
	"22": errclass.Conversion,
}

// remedies say what to do where the server does not.
var remedies = map[string]string{
	"42501": "grant the user the privilege",
	"25006": "name a server in jdbcUrl that takes changes",
	"53100": "make room on the server's disk",
	"55P03": "end the transaction that holds the lock, or wait longer",
}

// State returns the server's SQLSTATE, "" if err is none of the server's.
func State(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Reason tells why the server refuses a row; false if the row is not at fault.
func Reason(err error) (errclass.Reason, bool) {
	state := State(err)
	if state == "" || classOf(state) != errclass.Data && state != "21000" {
		return errclass.Other, false
	}
	if r, ok := reasons[state]; ok {
		return r, true
	}
	r, ok := reasons[state[:2]]
	return r, ok
}

func classOf(state string) errclass.Class {
	if c, ok := classes[state]; ok {
		return c
	}
	if len(state) >= 2 {
		return classes[state[:2]] // absent: Permanent
	}
	return errclass.Permanent
}

const noTable = "42P01"

// Classify returns err marked with its class: what the server answered by its
// SQLSTATE, anything that cuts the connection as transient. An error that puts
// a row at fault is an [*errclass.Value] with the column, where the server
// names one.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		c := classOf(e.Code)
		if c != errclass.Data {
			if e.Code == noTable && !errors.Is(err, sqlkit.ErrNoTable) {
				err = fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err)
			}
			if advice := remedies[e.Code]; advice != "" && errclass.Of(err) != c { // not classified before
				err = fmt.Errorf("%w: %s", err, advice)
			}
			return errclass.With(c, err)
		}
		reason, _ := Reason(err)
		if e.Detail != "" {
			err = fmt.Errorf("%w: %s", err, e.Detail)
		}
		return errclass.With(errclass.Data, &errclass.Value{Column: columnOf(e), Reason: reason, Err: err})
	}
	if c := errclass.Of(err); c != errclass.Permanent {
		return err
	}
	if isCertificate(err) {
		return errclass.With(errclass.Config, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || pgconn.SafeToRetry(err) {
		return errclass.With(errclass.Transient, err)
	}
	return errclass.With(errclass.Permanent, err)
}

// columnOf names the column that the server names: in the error's own field, or
// in the context that COPY gives: `COPY t, line 5, column a: "x"`.
func columnOf(e *pgconn.PgError) string {
	if e.ColumnName != "" {
		return e.ColumnName
	}
	if _, rest, ok := strings.Cut(copyContext(e), ", column "); ok {
		if i := strings.LastIndex(rest, ": "); i > 0 && !strings.HasSuffix(rest, "null input") {
			rest, _, _ = strings.Cut(rest, `: "`)
		}
		return strings.TrimSuffix(rest, ": null input")
	}
	return ""
}

// Line returns the row, from 1, that the server refuses in a COPY; 0 if it
// names none. Of rows sent as binary, too, it is the row's number.
func Line(err error) int64 {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return 0
	}
	_, rest, ok := strings.Cut(copyContext(e), ", line ")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.ParseInt(rest[:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// copyContext returns the line of the error's context that tells of a COPY.
func copyContext(e *pgconn.PgError) string {
	for _, line := range strings.Split(e.Where, "\n") {
		if strings.HasPrefix(line, "COPY ") {
			return line
		}
	}
	return ""
}

// isCertificate tells that the server's certificate was refused.
func isCertificate(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verify)
}
