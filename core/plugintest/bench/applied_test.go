package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

var list = regexp.MustCompile(`IN \(([0-9,]+)\)`)

// TestChange counts what the statements change, in events and in rows of the log.
func TestChange(t *testing.T) {
	l := &lab{options: &options{rows: 20_000}}
	var script bytes.Buffer
	l.change(&script)
	events, rows := 0, 0
	for line := range strings.Lines(script.String()) {
		n := transactionLen
		if of := list.FindStringSubmatch(line); of != nil {
			n = strings.Count(of[1], ",") + 1
		}
		switch {
		case strings.HasPrefix(line, "UPDATE"):
			events, rows = events+n, rows+2*n
		case strings.HasPrefix(line, "INSERT"):
			events, rows = events+n, rows+n
		default: // deletes and inserts
			events, rows = events+2*n, rows+2*n
		}
	}
	if events != l.events() || rows != l.changedRows() || l.keys() != 2000 {
		t.Errorf("%d events and %d rows of %d keys, expected %d, %d and 2000", events, rows, l.keys(), l.events(), l.changedRows())
	}
}
