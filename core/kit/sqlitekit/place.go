package sqlitekit

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ParseURL returns the file that a JDBC URL names: jdbc:sqlite:shop.db,
// jdbc:sqlite:/data/shop.db?busy_timeout=1000, jdbc:sqlite:file:/data/shop.db.
// What follows a question mark is dropped.
func ParseURL(text string) (path string, err error) {
	text = strings.TrimSpace(text)
	const prefix = "jdbc:sqlite:"
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", fmt.Errorf("%q is no URL of a SQLite database: expected jdbc:sqlite:FILE", text)
	}
	path, _, _ = strings.Cut(text[len(prefix):], "?")
	if rest, isURI := strings.CutPrefix(path, "file:"); isURI {
		if path, err = url.PathUnescape(rest); err != nil {
			return "", fmt.Errorf("%q: %w", text, err)
		}
		if host, ok := strings.CutPrefix(path, "//"); ok {
			path = "/" + strings.TrimLeft(strings.TrimPrefix(host, "localhost"), "/")
		}
	}
	if path == "" || strings.HasPrefix(path, ":") {
		return "", errors.New("a database in memory ends with its connection: name a file")
	}
	return path, nil
}
