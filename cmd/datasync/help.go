package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/launcher"
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

// help explains a command, or a topic.
func (p *process) help(c *cli.Context) error {
	switch topic := c.Args().First(); topic {
	case "":
		return cli.ShowAppHelp(c)
	case "exit-codes":
		return writeExitCodes(p.stdout)
	default:
		if c.App.Command(topic) == nil {
			return usagef("help %s: no such command; expected %s or exit-codes", topic, strings.Join(commandNames(c.App), ", "))
		}
		return cli.ShowCommandHelp(c, topic)
	}
}

func commandNames(app *cli.App) []string {
	names := make([]string, len(app.Commands))
	for i, command := range app.Commands {
		names[i] = command.Name
	}
	return names
}

// writeExitCodes explains the exit codes.
func writeExitCodes(w io.Writer) error {
	var b strings.Builder
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "%5d  %s\n", c.Code, c.Text)
	}
	b.WriteString("\n" + exitOrder())
	_, err := io.WriteString(w, b.String())
	return err
}

// exitOrder says how the codes of several jobs become one.
func exitOrder() string {
	return fmt.Sprintf("Several jobs in one call end with the first of %s that occurred.\nA second signal ends at once: a bounded job with %d, an endless one with %d.\n",
		strings.Trim(strings.ReplaceAll(fmt.Sprint(worst), " ", ", "), "[]"), launcher.ExitInterrupted, launcher.ExitTransient)
}
