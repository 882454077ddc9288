package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher/reference"
)

// plugins lists the plugins, or the keys of those that a name means.
func (p *process) plugins(c *cli.Context) error {
	all, err := reference.Plugins()
	if err != nil {
		return err
	}
	if c.NArg() > 1 {
		return usagef("plugins %s: one name at a time", strings.Join(c.Args().Slice(), " "))
	}
	name := c.Args().First()
	if name != "" {
		if all, err = pluginsNamed(all, name); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	switch {
	case c.Bool("json"):
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(listed(all, name != "")); err != nil {
			return err
		}
	case name != "":
		for i := range all {
			writePlugin(&out, &all[i])
		}
	default:
		for _, plugin := range all {
			fmt.Fprintf(&out, "%-7s %-20s %s\n", plugin.Side, plugin.Names[0], firstSentence(plugin.Doc))
		}
	}
	_, err = p.stdout.Write(out.Bytes())
	return err
}

// firstSentence is a text up to its first full stop.
func firstSentence(text string) string {
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

// listed leaves the keys out of a list of everything.
func listed(all []reference.Plugin, keys bool) any {
	if keys {
		return all
	}
	type entry struct {
		Name  string   `json:"name"`
		Side  string   `json:"side"`
		Names []string `json:"names"`
		Doc   string   `json:"doc"`
	}
	list := make([]entry, len(all))
	for i, p := range all {
		list[i] = entry{p.Name, p.Side, p.Names, p.Doc}
	}
	return list
}

// pluginsNamed returns the plugins that a name means: mysqlreader one, mysql a
// reader and a writer.
func pluginsNamed(all []reference.Plugin, name string) ([]reference.Plugin, error) {
	var found []reference.Plugin
	var known []string
	for _, plugin := range all {
		known = append(known, plugin.Name, plugin.Names[0])
		resolved := job.ReaderPlugin(name)
		if plugin.Side == "writer" {
			resolved = job.WriterPlugin(name)
		}
		for _, spelled := range append([]string{plugin.Name}, plugin.Names...) {
			if strings.EqualFold(spelled, name) || spelled == resolved {
				found = append(found, plugin)
				break
			}
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if near := config.Nearest(strings.ToLower(name), known); near != "" {
		return nil, usagef("plugins %s: there is no such plugin; did you mean %s?", name, near)
	}
	return nil, usagef("plugins %s: there is no such plugin; datasync plugins lists them", name)
}

const (
	meaningWidth = 70
	valueWidth   = 40
	typeWidth    = 20
)

func writePlugin(out *bytes.Buffer, p *reference.Plugin) {
	fmt.Fprintf(out, "%s (%s): %s\n", p.Names[0], p.Side, p.Doc)
	if len(p.Names) > 1 {
		fmt.Fprintf(out, "also: %s\n", strings.Join(p.Names[1:], ", "))
	}
	t := table.NewWriter()
	t.Style().Format.Header = 0
	t.Style().Options.SeparateRows = true
	t.SetColumnConfigs([]table.ColumnConfig{
		{Name: "meaning", WidthMax: meaningWidth, WidthMaxEnforcer: text.WrapSoft}, {Name: "type", WidthMax: typeWidth, WidthMaxEnforcer: text.WrapSoft},
		{Name: "default", WidthMax: valueWidth}, {Name: "example", WidthMax: valueWidth},
	})
	t.AppendHeader(table.Row{"key", "type", "default", "meaning", "example"})
	for _, k := range p.Keys {
		t.AppendRow(table.Row{k.Key, k.Type, defaultOf(&k), meaningOf(&k), string(k.Example)})
	}
	fmt.Fprintf(out, "%s\n", t.Render())
	if len(p.NoEffect) > 0 {
		out.WriteString("accepted, without effect:\n")
		for _, key := range sortedKeys(p.NoEffect) {
			fmt.Fprintf(out, "  %s: %s\n", key, p.NoEffect[key])
		}
	}
	out.WriteByte('\n')
}

func defaultOf(k *reference.Key) string {
	if k.Required {
		return "required"
	}
	return string(k.Default)
}

// meaningOf is what a key means, with what is allowed and how else it is spelled.
func meaningOf(k *reference.Key) string {
	meaning := k.Meaning
	if len(k.Values) > 0 {
		meaning += " One of " + strings.Join(k.Values, ", ") + "."
	}
	if len(k.Aliases) > 0 {
		meaning += " Also spelled " + strings.Join(k.Aliases, ", ") + "."
	}
	return meaning
}
