package mysqlkit

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

var duplicateEntry = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^Duplicate entry '(.*)' for key '(.*)'$`)
})

// Duplicate takes the error of a duplicate key apart: the key's values as the
// server spells them, and the name of the index, behind that of its table for
// some servers.
func Duplicate(err error) (entry, index string, ok bool) {
	var e *mysql.MyError
	if !errors.As(err, &e) || e.Code != mysql.ER_DUP_ENTRY && e.Code != mysql.ER_DUP_ENTRY_WITH_KEY_NAME {
		return "", "", false
	}
	m := duplicateEntry().FindStringSubmatch(e.Message)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// AppendEntry appends the value of column at of a row, bound for column to, as
// the server spells it in a duplicate entry; false: that is not known.
func AppendEntry(dst []byte, to *sqlkit.TableColumn, row record.Row, at int) ([]byte, bool) {
	switch row.Kind(at) {
	case record.Int64, record.Uint64:
		return row.AppendText(dst, at), classOf(to.Native) == intClass
	case record.Bool:
		return strconv.AppendUint(dst, truthOf(row, at), 10), classOf(to.Native) == intClass
	case record.String, record.UUID:
		v := row.Bytes(at)
		if typeName(to.Native) == "char" {
			v = bytes.TrimRight(v, " ")
		}
		return append(dst, v...), true
	case record.Decimal:
		return appendScaled(dst, row.Bytes(at), to.Native)
	case record.Date:
		return record.AppendDate(dst, row.Date(at)), true
	case record.Datetime, record.Timestamp:
		sec, nsec := row.Datetime(at)
		return record.AppendDatetime(dst, sec, nsec, fractionOf(to.Native), ' '), true
	}
	return dst, false
}

// fractionOf is how many digits of a second's fraction a type has.
func fractionOf(native string) int {
	if args := typeArguments(native); len(args) == 1 {
		return args[0]
	}
	return 0
}

// appendScaled appends a decimal with as many digits as its column has.
func appendScaled(dst, v []byte, native string) ([]byte, bool) {
	scale := 0
	if args := typeArguments(native); len(args) == 2 {
		scale = args[1]
	}
	whole, fraction, _ := strings.Cut(string(v), ".")
	if fraction = strings.TrimRight(fraction, "0"); len(fraction) > scale || strings.ContainsAny(string(v), "eE+") {
		return dst, false
	}
	dst = append(dst, whole...)
	if scale > 0 {
		dst = append(append(dst, '.'), fraction+strings.Repeat("0", scale-len(fraction))...)
	}
	return dst, true
}
