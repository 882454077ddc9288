package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/launcher"
)

// arrange puts the arguments into the order that the flag package reads:
// command, flags, positional arguments. People may write them in any order, as
// long as a flag's value follows its flag.
func arrange(args []string, commands []string, flags []cli.Flag) ([]string, error) {
	takesValue := map[string]bool{"h": false, "help": false}
	for _, f := range flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			takesValue[name] = !isBool
		}
	}
	var set, rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			rest = append(rest, arg)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		needsValue, known := takesValue[name]
		if !known {
			return nil, unknownFlag(name, takesValue)
		}
		set = append(set, arg)
		if needsValue && !hasValue {
			if i++; i == len(args) {
				return nil, usagef("-%s: a value is missing after it", name)
			}
			set = append(set, args[i])
		}
	}
	var command []string
	if len(rest) > 0 && slices.Contains(commands, rest[0]) {
		command, rest = rest[:1:1], rest[1:]
	}
	return slices.Concat(command, set, []string{"--"}, rest), nil
}

func unknownFlag(name string, flags map[string]bool) error {
	var names []string
	for n := range flags {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := config.Nearest(name, names); near != "" {
		return usagef("-%s: unknown flag; did you mean -%s?", name, near)
	}
	return usagef("-%s: unknown flag; datasync -help lists all", name)
}

// exitError is an error that decides the exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usagef is the error of a command line that cannot be used.
func usagef(format string, args ...any) error {
	return &exitError{code: launcher.ExitConfig, err: fmt.Errorf(format, args...)}
}
