package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/launcher/builtin"
)

// release is set by the linker; see the Makefile.
var release string

func versionText() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func (p *process) version(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("version %s: it takes no argument", c.Args().First())
	}
	registry, err := builtin.Registry()
	if err != nil {
		return err
	}
	var readers, writers []string
	for _, r := range registry.Readers() {
		readers = append(readers, r.Name)
	}
	for _, w := range registry.Writers() {
		writers = append(writers, w.Name)
	}
	_, err = fmt.Fprintf(p.stdout, "datasync %s (%s, %s/%s)\nreaders: %s\nwriters: %s\n", versionText(),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(readers, ", "), strings.Join(writers, ", "))
	return err
}
