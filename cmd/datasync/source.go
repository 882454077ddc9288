package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// jobText is the text of a job and the name that errors call it by.
type jobText struct {
	file string // "" for inline text, "-" for standard input
	text []byte
}

// readJob reads what -job names: a file, "-" for standard input, or the text
// itself, plain or URL-encoded as FlinkX's launcher hands it on.
func readJob(arg string, stdin io.Reader) (jobText, error) {
	trimmed := strings.TrimSpace(arg)
	switch {
	case arg == "-":
		text, err := io.ReadAll(stdin)
		if err != nil {
			return jobText{}, fmt.Errorf("reading the job from standard input: %w", err)
		}
		return jobText{"-", decoded(text)}, nil
	case inline(trimmed):
		return jobText{"", decoded([]byte(trimmed))}, nil
	}
	text, err := os.ReadFile(arg)
	if os.IsNotExist(err) {
		return jobText{}, usagef("-job %s: no such file; give the path of a job file, - for standard input, or the text itself", arg)
	}
	if err != nil {
		return jobText{}, usagef("-job %s: reading the job file: %w", arg, err)
	}
	return jobText{arg, decoded(text)}, nil
}

// inline tells a job's text from a path. An object may have comments before it.
func inline(trimmed string) bool {
	if strings.HasPrefix(trimmed, "{") || encoded(trimmed) {
		return true
	}
	if !strings.Contains(trimmed, "{") {
		return false
	}
	_, err := os.Stat(trimmed)
	return err != nil
}

// encoded reports whether the text is a URL-encoded object, maybe with space or
// comments before it.
func encoded(text string) bool {
	return strings.HasPrefix(text, "%") && !strings.Contains(text, "{") && strings.Contains(strings.ToUpper(text), "%7B")
}

func decoded(text []byte) []byte {
	trimmed := strings.TrimSpace(string(text))
	if !encoded(trimmed) {
		return text
	}
	plain, err := url.QueryUnescape(trimmed)
	if err != nil {
		return text
	}
	return []byte(plain)
}
