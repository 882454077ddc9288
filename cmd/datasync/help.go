package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagText is a flag in the help text: a single dash, its value, what it does.
func flagText(f cli.Flag) string {
	name, value, usage := describeFlag(f)
	return fmt.Sprintf("-%s\t%s", strings.TrimSpace(name+" "+value), usage)
}

// describeFlag returns a flag's name, its value as a word in capitals ("" for
// none) and what it does, with its default.
func describeFlag(f cli.Flag) (name, value, usage string) {
	name = f.Names()[0]
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return name, "", ""
	}
	usage = doc.GetUsage()
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		if word, after, ok := strings.Cut(rest, "`"); ok {
			value, usage = word, before+word+after
		}
	}
	if doc.TakesValue() && value == "" {
		value = "VALUE"
	}
	if text := doc.GetDefaultText(); doc.TakesValue() && text != "" && doc.GetValue() != "" {
		usage += " (default: " + strings.Trim(text, `"`) + ")"
	}
	return name, value, usage
}
