package tdsdb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layouts are how times are kept.
var layouts = []string{"2006-01-02 15:04:05.9999999 -07:00", "2006-01-02 15:04:05.9999999", "2006-01-02 15:04", "2006-01-02", "15:04:05.9999999"}

// toPeer makes a value as the peer sends it of one that SQLite keeps.
func toPeer(native string, v any) any {
	if v == nil {
		return nil
	}
	name, _, _ := strings.Cut(native, "(")
	switch name {
	case "bit":
		return v.(int64) != 0
	case "tinyint", "smallint", "int", "bigint":
		return v.(int64)
	case "real", "float":
		if n, ok := v.(int64); ok {
			return float64(n)
		}
		return v.(float64)
	case "binary", "varbinary", "image", "rowversion", "timestamp", "hierarchyid", "geography", "geometry":
		if v, ok := v.([]byte); ok {
			return v
		}
		return []byte(fmt.Sprint(v))
	case "date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset":
		text := fmt.Sprint(v)
		for _, layout := range layouts {
			if t, err := time.Parse(layout, text); err == nil {
				if name == "time" {
					return time.Date(1, 1, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
				}
				return t
			}
		}
		panic("tdsdb: no time " + text)
	}
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []byte:
		return string(v)
	}
	return v
}

// toSQLite makes a value to be kept of one that the peer was sent.
func toSQLite(native string, v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case []byte:
		if affinity(native) != "BLOB" {
			return string(v)
		}
	}
	return v
}

func decodeHex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic("tdsdb: " + err.Error())
	}
	return raw
}
