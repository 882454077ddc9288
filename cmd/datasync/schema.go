package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/launcher/reference"
)

// schema prints the JSON schema of job files.
func (p *process) schema(c *cli.Context) error {
	if c.NArg() > 0 {
		return usagef("schema %s: it takes no argument; -o names the file to write", c.Args().First())
	}
	return p.output(c.String("o"), reference.JobSchema())
}

// output writes a text to a file, or to stdout without one.
func (p *process) output(path string, text []byte) error {
	if path == "" || path == "-" {
		_, err := p.stdout.Write(text)
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return usagef("-o %s: %w", path, err)
	}
	_, err := io.WriteString(p.stderr, fmt.Sprintf("%s written\n", path))
	return err
}
