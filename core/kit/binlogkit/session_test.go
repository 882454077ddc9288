package binlogkit

import (
	"encoding/hex"
	"testing"
	"time"
)

// Status variables as MySQL 8.0 and MariaDB 10.11 have written them.
func TestParseSession(t *testing.T) {
	at := time.Unix(1700000000, 0)
	for name, c := range map[string]struct {
		status  string
		mariadb bool
		want    Session
	}{
		"MySQL, a zone":           {"0000000000012000a0450000000006037374640421002100ff0005062b30353a33300c01747a7800110f0000000000000012ff001300", false, Session{At: at, Zone: "+05:30", Mode: 0x45a00020, Client: 33}},
		"MySQL, a fraction":       {"0000000000012000a0450000000006037374640421002100ff0005062b30353a33300c01747a78000df1fb0911100000000000000012ff001300", false, Session{At: at.Add(654321 * time.Microsecond), Exact: true, Zone: "+05:30", Mode: 0x45a00020, Client: 33}},
		"MySQL, explicit":         {"0000000000012000a0450000000006037374640421002100ff000c01747a78000df1fb09100111120000000000000012ff001300", false, Session{At: at.Add(654321 * time.Microsecond), Exact: true, Mode: 0x45a00020, Client: 33}},
		"MySQL, implicit":         {"000000000001000000000000000006037374640421002100ff0005062d30333a30300c01747a7800100011730000000000000012ff001300", false, Session{At: at, Zone: "-03:00", Client: 33, Implicit: true}},
		"MySQL, databases":        {"0c02610062000d0100000aff000000", false, Session{At: at.Add(time.Microsecond), Exact: true}},
		"MySQL, many of them":     {"0cfe0d010000", false, Session{At: at.Add(time.Microsecond), Exact: true}},
		"MySQL, an invoker":       {"0b0475736572046c6f636c0d010000", false, Session{At: at.Add(time.Microsecond), Exact: true}},
		"MariaDB":                 {"0000000001010000205400000000060373746404210021002d0005062b30353a333080f1fb09810c00000000000000", true, Session{At: at.Add(654321 * time.Microsecond), Exact: true, Zone: "+05:30", Mode: 0x54200000, Client: 33}},
		"MariaDB, implicit":       {"0000000000010000205400000000060373746404210021002d000506", true, Session{At: at, Mode: 0x54200000, Client: 33, Implicit: true}},
		"nothing":                 {"", false, Session{At: at}},
		"what nobody knows":       {"630d010000", false, Session{At: at}},
		"cut short":               {"0d0100", false, Session{At: at}},
		"an invoker, cut short":   {"0b04757365720a", false, Session{At: at}},
		"databases, cut short":    {"0c026100", false, Session{At: at}},
		"a zone that is not said": {"05", false, Session{At: at}},
	} {
		t.Run(name, func(t *testing.T) {
			status, err := hex.DecodeString(c.status)
			if err != nil {
				t.Fatal(err)
			}
			if got := ParseSession(status, 1700000000, c.mariadb); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add([]byte{5, 6, '+', '0', '5', ':', '3', '0', 12, 1, 'a', 0, 13, 1, 0, 0})
	f.Add([]byte{11, 4, 'u', 's', 'e', 'r', 9})
	f.Fuzz(func(_ *testing.T, status []byte) { ParseSession(status, 1, true) })
}

func TestPlain(t *testing.T) {
	const ansi, literal = modeAnsiQuotes, modeNoBackslash
	for sql, c := range map[string]struct {
		mode uint64
		want string
	}{
		`ALTER TABLE "a""b" ADD 'x\'y"'`:           {0, `ALTER TABLE "a""b" ADD 'x\'y"'`},
		"ALTER TABLE \"a\"\"b`c\" ADD '\"'":        {ansi, "ALTER TABLE `a\"b``c` ADD '\"'"},
		`SELECT 'a\', '"', "b\"`:                   {literal, `SELECT 'a\\', '"', "b\\"`},
		`SELECT 'a\', "b\", '/* "x" */' /* "y" */`: {ansi | literal, "SELECT 'a\\\\', `b\\`, '/* \"x\" */' /* \"y\" */"},
		`SELECT "a`: {ansi, "SELECT `a`"},
	} {
		s := Session{Mode: c.mode}
		if got := s.Plain(sql); got != c.want {
			t.Errorf("%s: got %s, want %s", sql, got, c.want)
		}
	}
}
