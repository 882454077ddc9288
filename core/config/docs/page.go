package docs

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Side is a reader or a writer, as a page and the schema show it.
type Side struct {
	Names  []string // as a job file may spell it, the usual one first
	Doc    string   // what it is, in a line or more
	Config any      // a pointer to its config struct, holding the defaults
}

// Page is a connector's page.
type Page struct {
	Name           string // "mysql"
	Reader, Writer *Side  // nil: it has none
}

// Page renders a connector's page in Markdown.
func (s *Source) Page(p Page) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!-- Made by `make docs` from the comments in the source. -->\n\n# %s\n", p.Name)
	for _, side := range []struct {
		title string
		*Side
	}{{"Reader", p.Reader}, {"Writer", p.Writer}} {
		if side.Side == nil {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`\"name\": \"%s\"`", side.title, side.Names[0])
		if len(side.Names) > 1 {
			fmt.Fprintf(&b, ", also `%s`", strings.Join(side.Names[1:], "`, `"))
		}
		fmt.Fprintf(&b, "\n\n%s\n\n", side.Doc)
		table, err := s.Table(side.Config)
		if err != nil {
			return nil, fmt.Errorf("documenting %s: %w", side.Names[0], err)
		}
		b.Write(table)
	}
	return b.Bytes(), nil
}

// Table renders the keys of a config struct as a Markdown table, keys of
// objects within under their path, then those that have no effect as a list.
func (s *Source) Table(cfg any) ([]byte, error) {
	var b bytes.Buffer
	keys := config.Describe(cfg)
	if slices.ContainsFunc(keys, func(k config.Key) bool { return k.NoEffect == "" }) {
		b.WriteString("| key | type | default | meaning |\n|---|---|---|---|\n")
		if err := s.rows(&b, "", keys); err != nil {
			return nil, err
		}
	} else {
		b.WriteString("It has no keys.\n")
	}
	noEffect := map[string]string{}
	for _, k := range keys {
		if k.NoEffect != "" {
			noEffect[k.Name] = k.NoEffect
		}
	}
	if n, ok := cfg.(config.NoEffecter); ok {
		maps.Copy(noEffect, n.NoEffect())
	}
	if len(noEffect) > 0 {
		b.WriteString("\nAccepted, without effect:\n\n")
		for _, name := range slices.Sorted(maps.Keys(noEffect)) {
			fmt.Fprintf(&b, "* `%s`: %s\n", name, noEffect[name])
		}
	}
	return b.Bytes(), nil
}

func (s *Source) rows(b *bytes.Buffer, prefix string, keys []config.Key) error {
	for _, k := range keys {
		if k.NoEffect != "" {
			continue
		}
		meaning, err := s.meaning(k)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, k.Name, typeText(k), defaultText(k), cell(meaning))
		if err := s.rows(b, within(prefix+k.Name, k.Type), k.Keys); err != nil {
			return err
		}
	}
	return nil
}

// meaning returns a key's comment, and the other spellings and bounds that the
// tags say.
func (s *Source) meaning(k config.Key) (string, error) {
	text, err := s.Comment(k.Owner, k.Field)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(text, k.Field+" "); ok {
		text = "`" + k.Name + "` " + rest
	}
	if len(k.Enum) > 0 {
		text += " One of `" + strings.Join(k.Enum, "`, `") + "`."
	}
	if k.Min != "" {
		text += " At least " + k.Min + "."
	}
	if len(k.Aliases) > 0 {
		text += " Also spelled `" + strings.Join(k.Aliases, "`, `") + "`."
	}
	return text, nil
}

func typeText(k config.Key) string {
	if k.Unit != "" {
		return k.Type + " (" + k.Unit + ")"
	}
	return k.Type
}

func defaultText(k config.Key) string {
	switch {
	case k.Required:
		return "**required**"
	case k.Default == "":
		return ""
	}
	return "`" + cell(k.Default) + "`"
}

// cell escapes what would end a table's cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
