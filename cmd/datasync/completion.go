package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/launcher/reference"
)

// values are what may follow a flag; a flag that is not here takes a file.
var values = map[string][]string{
	"report": {"text", "json", "none"}, "log-format": {"text", "json"}, "log-level": {"trace", "debug", "info", "warn", "error"},
	"jobType": {"sync"}, "mode": {"local"}, "dialect": {"flinkx", "datax"},
}

// takenWords are the words that a command takes; a command that is not here takes files.
func takenWords(app *cli.App) map[string][]string {
	var plugins []string
	if all, err := reference.Plugins(); err == nil { // it is part of the binary
		for _, p := range all {
			plugins = append(plugins, p.Names[0])
		}
	}
	return map[string][]string{
		"state": {"list", "show", "rm"}, "completion": {"bash", "zsh", "fish"}, "help": append(commandNames(app), "exit-codes"),
		"signal": signalVerbs, "version": {}, "schema": {}, "plugins": plugins,
	}
}

// completion prints a script for a shell. Everything that it offers stands in
// it: the program is not run while somebody types.
func (p *process) completion(c *cli.Context) error {
	shells := map[string]func(*cli.App) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	write := shells[c.Args().First()]
	if write == nil || c.NArg() != 1 {
		return usagef("%s: expected one of bash, zsh, fish", strings.Join(append([]string{"completion"}, c.Args().Slice()...), " "))
	}
	_, err := io.WriteString(p.stdout, write(c.App))
	return err
}

// visible returns the flags that are worth offering.
func visible(flags []cli.Flag) []cli.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f cli.Flag) bool {
		v, ok := f.(cli.VisibleFlag)
		return f.Names()[0] == "help" || ok && !v.IsVisible()
	})
}

func flagNames(flags []cli.Flag) []string {
	var names []string
	for _, f := range visible(flags) {
		names = append(names, "-"+f.Names()[0])
	}
	return names
}

func bashCompletion(app *cli.App) string {
	var b strings.Builder
	b.WriteString(`# Completion of datasync for bash: source <(datasync completion bash)
_datasync() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word flags words=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		` + strings.Join(commandNames(app), "|") + `) command=$word; break ;;
		esac
	done
	COMPREPLY=()
	case $prev in
`)
	for _, name := range sortedKeys(values) {
		fmt.Fprintf(&b, "\t-%s|--%s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", name, name, strings.Join(values[name], " "))
	}
	b.WriteString("\tesac\n\tcase $command in\n")
	takes := takenWords(app)
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "\t%s) flags=%q", c.Name, strings.Join(flagNames(c.Flags), " "))
		if words, ok := takes[c.Name]; ok {
			fmt.Fprintf(&b, " words=%q", strings.Join(words, " "))
		}
		b.WriteString(" ;;\n")
	}
	fmt.Fprintf(&b, "\t*) flags=%q words=%q ;;\n\tesac\n", strings.Join(flagNames(app.Flags), " "), strings.Join(commandNames(app), " "))
	b.WriteString(`	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$words" -- "$cur") $(compgen -f -- "$cur"))
	fi
}
complete -o filenames -F _datasync datasync
`)
	return b.String()
}

func zshCompletion(app *cli.App) string {
	var b strings.Builder
	b.WriteString("#compdef datasync\n# Completion of datasync for zsh: put it into a file _datasync in a folder of $fpath\n_datasync() {\n\tlocal command word\n" +
		"\tfor word in ${words[2,CURRENT-1]}; do\n\t\tcase $word in\n\t\t" + strings.Join(commandNames(app), "|") + ") command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n")
	takes := takenWords(app)
	for _, c := range app.Commands {
		rest := "_files"
		if words, ok := takes[c.Name]; ok {
			rest = "(" + strings.Join(words, " ") + ")"
		}
		fmt.Fprintf(&b, "\t%s) _arguments -S%s '1: :(%s)' '*: :%s' ;;\n", c.Name, zshFlags(c.Flags), c.Name, rest)
	}
	fmt.Fprintf(&b, "\t*)\n\t\tlocal -a commands=(")
	for _, c := range app.Commands {
		fmt.Fprintf(&b, " %s", quoted(c.Name+":"+c.Usage))
	}
	fmt.Fprintf(&b, ")\n\t\t_arguments -S%s '*: :{_describe command commands; _files}' ;;\n\tesac\n}\ncompdef _datasync datasync\n", zshFlags(app.Flags))
	return b.String()
}

func zshFlags(flags []cli.Flag) string {
	var b strings.Builder
	for _, f := range visible(flags) {
		name, value, usage := describeFlag(f)
		usage = strings.NewReplacer("[", "(", "]", ")", ":", "\\:").Replace(usage)
		text := fmt.Sprintf("*-%s[%s]", name, usage)
		switch {
		case value == "":
		case values[name] != nil:
			text += ":" + value + ":(" + strings.Join(values[name], " ") + ")"
		default:
			text += ":" + value + ":_files"
		}
		b.WriteString(" " + quoted(text))
	}
	return b.String()
}

func fishCompletion(app *cli.App) string {
	var b strings.Builder
	b.WriteString("# Completion of datasync for fish: datasync completion fish > ~/.config/fish/completions/datasync.fish\n")
	none := "not __fish_seen_subcommand_from " + strings.Join(commandNames(app), " ")
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "complete -c datasync -n %s -a %s -d %s\n", quoted(none), c.Name, quoted(c.Usage))
	}
	b.WriteString(fishFlags(none, app.Flags))
	takes := takenWords(app)
	for _, c := range app.Commands {
		seen := "__fish_seen_subcommand_from " + c.Name
		b.WriteString(fishFlags(seen, c.Flags))
		if words, ok := takes[c.Name]; ok {
			fmt.Fprintf(&b, "complete -c datasync -f -n %s -a %s\n", quoted(seen), quoted(strings.Join(words, " ")))
		}
	}
	return b.String()
}

func fishFlags(condition string, flags []cli.Flag) string {
	var b strings.Builder
	for _, f := range visible(flags) {
		name, value, usage := describeFlag(f)
		fmt.Fprintf(&b, "complete -c datasync -n %s -o %s -d %s", quoted(condition), name, quoted(usage))
		if value != "" {
			b.WriteString(" -r")
		}
		if values[name] != nil {
			fmt.Fprintf(&b, " -f -a %s", quoted(strings.Join(values[name], " ")))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// quoted is a text between single quotes, for any of the shells.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "’") + "'" }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
