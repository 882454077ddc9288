package pgkit

import (
	"strconv"
	"strings"
)

// Server is what answers.
type Server struct {
	Version   string // "18.3", "15.18 (Debian 15.18-0+deb12u1)"
	Number    int    // 180003; of Greenplum that of the PostgreSQL inside
	Greenplum bool
	Encoding  string // of the database: "UTF8", "SQL_ASCII"
}

// encodingNone is that of a database whose texts are any bytes.
const encodingNone = "SQL_ASCII"

// parseServer reads what the server reports of itself when a session begins,
// and version().
func parseServer(version, encoding, full string) Server {
	s := Server{Version: version, Encoding: encoding, Greenplum: strings.Contains(full, "Greenplum")}
	number, _, _ := strings.Cut(version, " ")
	parts := strings.Split(number, ".")
	at := func(i int) int {
		if i >= len(parts) {
			return 0
		}
		digits := strings.TrimRightFunc(parts[i], func(c rune) bool { return c < '0' || c > '9' })
		digits, _, _ = strings.Cut(strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return ' '
			}
			return c
		}, digits), " ")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return 0
		}
		return n
	}
	if s.Number = at(0)*10000 + at(1); at(0) < 10 {
		s.Number = at(0)*10000 + at(1)*100 + at(2)
	}
	return s
}

// String names the product and its version.
func (s Server) String() string {
	if s.Greenplum {
		return "Greenplum (PostgreSQL " + s.Version + ")"
	}
	return "PostgreSQL " + s.Version
}
