package tdsdb

import (
	"regexp"
	"strings"
)

var (
	unicodeText = regexp.MustCompile(`\bN'`)
	converted   = regexp.MustCompile(`CONVERT\(nvarchar\([a-z0-9]+\), (\[[^\]]+\])\)`)
	hexadecimal = regexp.MustCompile(`\b0x([0-9a-f]*)`)
	hints       = regexp.MustCompile(` WITH \([A-Z, ]+\)`)
	temporary   = regexp.MustCompile(`\[#([a-z0-9_]+)\]`)
	fetched     = regexp.MustCompile(` OFFSET 0 ROWS FETCH NEXT ([0-9]+) ROWS ONLY$`)
	floors      = regexp.MustCompile(`CAST\(FLOOR\((\[[^\]]+\])\) AS decimal\(38, 0\)\)`)
	merging     = regexp.MustCompile(`^MERGE INTO (\S+) AS t USING (\S+) AS s ON \((.*?)\)(?: WHEN MATCHED THEN UPDATE SET (.*?))? WHEN NOT MATCHED BY TARGET THEN INSERT \((.*?)\) VALUES \((.*)\)$`)
	updating    = regexp.MustCompile(`^UPDATE t SET (.*) FROM (\S+) AS t INNER JOIN (\S+) AS s ON (.*)$`)
	deleting    = regexp.MustCompile(`^DELETE t FROM (\S+) AS t INNER JOIN (\S+) AS s ON (.*)$`)
	staging     = regexp.MustCompile(`^IF OBJECT_ID\(N'tempdb\.\.#([a-z0-9_]+)'\) IS NULL SELECT TOP \(0\) (.*?) INTO \[#[a-z0-9_]+\] FROM (\S+) UNION ALL .* ELSE TRUNCATE TABLE .*$`)
	targets     = regexp.MustCompile(`\bt\.(\[[^\]]+\]) = `)
)

// rewrite makes statements for SQLite of one for SQL Server; the counts of the
// rows that they change are added.
func rewrite(sql string) []string {
	sql = outside(sql, func(s string) string {
		s = hints.ReplaceAllString(s, "")
		s = converted.ReplaceAllString(s, "$1")
		s = floors.ReplaceAllString(s, "CAST(floor($1) AS INTEGER)")
		s = fetched.ReplaceAllString(s, " LIMIT $1")
		s = hexadecimal.ReplaceAllString(s, "x'$1'")
		return temporary.ReplaceAllString(s, "temp.[$1]")
	})
	sql = unicodeText.ReplaceAllString(sql, "'")
	switch {
	case merging.MatchString(sql):
		m := merging.FindStringSubmatch(sql)
		var list []string
		if m[4] != "" {
			list = append(list, "UPDATE "+m[1]+" AS t SET "+targets.ReplaceAllString(m[4], "$1 = ")+" FROM "+m[2]+" AS s WHERE "+m[3])
		}
		return append(list, "INSERT INTO "+m[1]+" ("+m[5]+") SELECT "+m[6]+" FROM "+m[2]+" AS s WHERE NOT EXISTS (SELECT 1 FROM "+m[1]+" AS t WHERE "+m[3]+")")
	case updating.MatchString(sql):
		m := updating.FindStringSubmatch(sql)
		return []string{"UPDATE " + m[2] + " AS t SET " + targets.ReplaceAllString(m[1], "$1 = ") + " FROM " + m[3] + " AS s WHERE " + m[4]}
	case deleting.MatchString(sql):
		m := deleting.FindStringSubmatch(sql)
		return []string{"DELETE FROM " + m[1] + " AS t WHERE EXISTS (SELECT 1 FROM " + m[2] + " AS s WHERE " + m[3] + ")"}
	}
	return []string{sql}
}

// outside applies f to what stands outside of texts.
func outside(sql string, f func(string) string) string {
	var b strings.Builder
	for sql != "" {
		at := strings.IndexByte(sql, '\'')
		if at < 0 {
			b.WriteString(f(sql))
			break
		}
		b.WriteString(f(sql[:at]))
		end := at + 1
		for end < len(sql) {
			if sql[end] == '\'' {
				if end+1 < len(sql) && sql[end+1] == '\'' {
					end += 2
					continue
				}
				break
			}
			end++
		}
		end = min(end+1, len(sql))
		b.WriteString(sql[at:end])
		sql = sql[end:]
	}
	return b.String()
}

// unquote reads N'...'.
func unquote(literal string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(literal, "N'"), "'"), "''", "'")
}
