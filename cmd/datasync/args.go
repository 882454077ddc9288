package main

import (
	"fmt"
	"slices"
	"strconv"
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
	takesValue, kinds := valued(all), byName(all)
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
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		needsValue, known := takesValue[name]
		switch {
		case name == "version" && !known: // as of other programs
			return []string{"version"}, nil
		case !known:
			return nil, unknownFlag(name, takesValue)
		}
		set, names = append(set, arg), append(names, name)
		if needsValue && !hasValue {
			if i++; i == len(args) {
				return nil, usagef("-%s: a value is missing after it", name)
			}
			value = args[i]
			set = append(set, value)
		}
		if err := readable(kinds[name], name, value, needsValue || hasValue); err != nil {
			return nil, err
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
	if slices.Contains(names, "h") || slices.Contains(names, "help") {
		return append(command, "-help"), nil
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

func byName(flags []cli.Flag) map[string]cli.Flag {
	named := map[string]cli.Flag{}
	for _, f := range flags {
		for _, name := range f.Names() {
			named[name] = f
		}
	}
	return named
}

// readable refuses a value that is none of its flag's.
func readable(f cli.Flag, name, value string, given bool) error {
	switch f.(type) {
	case *cli.IntFlag:
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			return usagef("-%s %s: expected a whole number", name, value)
		}
	case *cli.BoolFlag:
		if _, err := strconv.ParseBool(value); given && err != nil {
			return usagef("-%s=%s: expected -%s alone, or -%s=false", name, value, name, name)
		}
	}
	return nil
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
