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
// long as a flag's value follows its flag. flags are those that stand without a
// command.
func arrange(args []string, commands []*cli.Command, flags []cli.Flag) ([]string, error) {
	all := slices.Clone(flags)
	for _, c := range commands {
		all = append(all, c.Flags...)
	}
	takesValue := valued(all)
	var set, names, rest []string
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
		set, names = append(set, arg), append(names, name)
		if needsValue && !hasValue {
			if i++; i == len(args) {
				return nil, usagef("-%s: a value is missing after it", name)
			}
			set = append(set, args[i])
		}
	}
	var command []string
	if len(rest) > 0 {
		if at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.Name == rest[0] }); at >= 0 {
			command, rest, flags = rest[:1:1], rest[1:], commands[at].Flags
		}
	}
	if err := belong(names, command, flags); err != nil {
		return nil, err
	}
	return slices.Concat(command, set, []string{"--"}, rest), nil
}

// valued tells of each flag by name whether a value follows it.
func valued(flags []cli.Flag) map[string]bool {
	takesValue := map[string]bool{"h": false, "help": false}
	for _, f := range flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			takesValue[name] = !isBool
		}
	}
	return takesValue
}

// belong refuses flags of other commands.
func belong(names, command []string, flags []cli.Flag) error {
	known := valued(flags)
	for _, name := range names {
		if _, ok := known[name]; ok {
			continue
		}
		if len(command) == 0 {
			return usagef("-%s: it belongs to a command, and none is given; datasync -help lists them", name)
		}
		return usagef("-%s: it is no flag of %s; datasync help %s lists those", name, command[0], command[0])
	}
	return nil
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
