package changes

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Untyped spells a cell as it comes back from JSON without types: all its
// digits, as a cell of the kind that JSON has for them. Instants are in UTC, and
// do not say so.
func Untyped(r record.Row, c int) string {
	text := string(r.AppendText(nil, c))
	switch r.Kind(c) {
	case record.Absent, record.Null, record.Bool, record.Int64, record.String, record.JSON:
		return Spell(r, c)
	case record.Uint64:
		if r.Uint64(c) <= math.MaxInt64 {
			return "int64 " + text
		}
		return Spell(r, c)
	case record.Float32, record.Float64, record.Decimal:
		return number(text)
	case record.Bytes:
		return "string " + base64.StdEncoding.EncodeToString(r.Bytes(c))
	case record.Timestamp:
		return "string " + strings.TrimSuffix(text, "Z")
	}
	return "string " + text
}

// number is the cell that a JSON number becomes.
func number(text string) string {
	switch text {
	case "NaN", "Infinity", "-Infinity":
		return "string " + text
	}
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return "int64 " + text
	}
	return "decimal " + text
}
