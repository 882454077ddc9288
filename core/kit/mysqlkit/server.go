package mysqlkit

import (
	"strconv"
	"strings"
)

// Server is what answers.
type Server struct {
	Version string // "8.0.31", "10.11.6-MariaDB-log"
	MariaDB bool
	TiDB    bool
	Major   int
	Minor   int
	Patch   int
}

// ParseServer reads the version of a server's greeting. MariaDB puts "5.5.5-"
// before its own, for old replicas.
func ParseServer(version string) Server {
	version = strings.TrimRight(version, "\x00")
	s := Server{Version: strings.TrimPrefix(version, "5.5.5-")}
	s.MariaDB = strings.Contains(strings.ToLower(version), "mariadb")
	s.TiDB = strings.Contains(strings.ToLower(version), "tidb")
	parts := strings.SplitN(s.Version, ".", 3)
	if len(parts) > 1 {
		s.Major, _ = strconv.Atoi(parts[0])
		s.Minor, _ = strconv.Atoi(parts[1])
	}
	if len(parts) > 2 {
		digits := strings.IndexFunc(parts[2]+" ", func(r rune) bool { return r < '0' || r > '9' })
		s.Patch, _ = strconv.Atoi(parts[2][:digits])
	}
	return s
}

// AtLeast compares versions of one product.
func (s Server) AtLeast(major, minor, patch int) bool {
	if s.Major != major {
		return s.Major > major
	}
	if s.Minor != minor {
		return s.Minor > minor
	}
	return s.Patch >= patch
}

// String names the product and its version.
func (s Server) String() string {
	switch {
	case s.MariaDB:
		return "MariaDB " + s.Version
	case s.TiDB:
		return "TiDB " + s.Version
	}
	return "MySQL " + s.Version
}
