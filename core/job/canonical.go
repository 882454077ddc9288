package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/datasync-io/datasync/core/config"
)

// Canonical returns the file in one spelling, whatever dialect and generation it
// is of: FlinkX's skeleton, every key under its first name, numbers and booleans
// without quotes, DataX's units turned into FlinkX's, placeholders as they were.
// What was not carried stands there as a comment that says why; [Parse] reads
// the text and comes to the same job.
//
// Call it for a job without faults that was parsed with Options.Check and, where
// placeholders may be without a value, Options.Part, once the operators'
// parameters have been decoded, so that all is known about their keys. Without secrets, a password becomes ${env:NAME}, named by a comment, so
// that the text may be shown; with them the text belongs in a file that only its
// owner reads.
func (j *Job) Canonical(secrets bool) []byte {
	c := &canonical{job: j, secrets: secrets, dropped: map[*config.Node]string{}}
	for _, n := range j.Notes() {
		if why, ok := strings.CutPrefix(n.Msg, noEffectMsg); ok {
			c.dropped[n.Node()] = why
		} else if strings.HasPrefix(n.Msg, "unknown key") {
			c.dropped[n.Node()] = n.Msg
		}
	}
	reason := oneLine(j.DialectReason)
	var b bytes.Buffer
	if j.File != "" && j.File != "-" {
		fmt.Fprintf(&b, "// From %s, taken for a file of %s, %s.\n", oneLine(j.File), j.Dialect.people(), reason)
	} else {
		fmt.Fprintf(&b, "// Taken for a file of %s, %s.\n", j.Dialect.people(), reason)
	}
	c.object(&b, c.file(), "")
	b.WriteByte('\n')
	return b.Bytes()
}

const noEffectMsg = "has no effect: "

// canonical writes a job. Its methods return entries: the lines of an object.
type canonical struct {
	job     *Job
	secrets bool
	dropped map[*config.Node]string // why
}

// entry is a member of an object, or a comment alone if it has no value. The
// empty name is a name too.
type entry struct {
	name    string
	value   func(b *bytes.Buffer, indent string)
	comment string
	unset   bool // the value says nothing
}

// single leaves one of the entries that have a name in common: several spellings
// of a key may stand in a file, and an unset one beside what is written for it.
func single(entries []entry) []entry {
	said := map[string]bool{} // names, and whether what has the name says something
	for _, e := range entries {
		if e.value != nil {
			said[e.name] = said[e.name] || !e.unset
		}
	}
	var kept []entry
	written := map[string]bool{}
	for _, e := range entries {
		if e.value != nil {
			if written[e.name] || e.unset && said[e.name] {
				continue
			}
			written[e.name] = true
		}
		kept = append(kept, e)
	}
	return kept
}

// maxIndent bounds what deeply nested values are indented by.
const maxIndent = 64

func (c *canonical) object(b *bytes.Buffer, entries []entry, indent string) {
	within, last := deeper(indent), -1
	entries = single(entries)
	for i, e := range entries {
		if e.value != nil {
			last = i
		}
	}
	b.WriteByte('{')
	for i, e := range entries {
		b.WriteString("\n" + within)
		if e.value == nil {
			b.WriteString("// " + e.comment)
			continue
		}
		b.WriteString(quoteJSON(e.name) + ": ")
		e.value(b, within)
		if i < last {
			b.WriteByte(',')
		}
		if e.comment != "" {
			b.WriteString(" // " + e.comment)
		}
	}
	b.WriteString("\n" + indent + "}")
}

func deeper(indent string) string {
	if len(indent) >= maxIndent {
		return indent
	}
	return indent + "  "
}

func raw(text string) func(*bytes.Buffer, string) {
	return func(b *bytes.Buffer, _ string) { b.WriteString(text) }
}

func (c *canonical) nested(entries []entry) func(*bytes.Buffer, string) {
	return func(b *bytes.Buffer, indent string) { c.object(b, entries, indent) }
}

// file returns the whole: job, and comments on what stands beside it.
func (c *canonical) file() []entry {
	var all []entry
	for _, m := range c.job.root.Members() {
		if m.Name == "core" && c.perChannel() {
			all = append(all, entry{comment: "core.transport.channel.speed is worked into job.setting.speed"})
		}
		if m.Name != "job" {
			all = append(all, c.lost(m))
		}
	}
	return append(all, entry{name: "job", value: c.nested(c.jobEntries())})
}

func (c *canonical) jobEntries() []entry {
	job := c.job.root.Member("job")
	var all []entry
	for _, m := range job.Members() {
		if m.Name != "content" && m.Name != "setting" {
			all = append(all, c.lost(m))
		}
	}
	content := func(b *bytes.Buffer, indent string) {
		b.WriteByte('[')
		for i, item := range job.Member("content").Items() {
			if i > 0 {
				b.WriteString(", // runs with -all-contents only\n" + indent)
			}
			c.object(b, c.content(i, item), indent)
		}
		b.WriteByte(']')
	}
	return append(all, entry{name: "content", value: content}, entry{name: "setting", value: c.nested(c.setting(job.Member("setting")))})
}

// content returns an element of job.content.
func (c *canonical) content(index int, n *config.Node) []entry {
	var pipe Pipeline
	for _, p := range append(c.job.Pipelines[:len(c.job.Pipelines):len(c.job.Pipelines)], c.job.Idle...) {
		if p.Index == index {
			pipe = p
		}
	}
	var all []entry
	for _, m := range n.Members() {
		switch m.Name {
		case "reader":
			all = append(all, entry{name: m.Name, value: c.nested(c.operator(pipe.Reader, m.Node, m.Name))})
		case "writer":
			all = append(all, entry{name: m.Name, value: c.nested(c.operator(pipe.Writer, m.Node, m.Name))})
		default:
			all = append(all, c.member(m))
		}
	}
	return all
}

// operator returns a reader or a writer under our name of its plugin.
func (c *canonical) operator(op Operator, n *config.Node, side string) []entry {
	var all []entry
	for _, m := range n.Members() {
		if m.Name == "name" && op.Plugin != "" && !m.Node.Kept() {
			all = append(all, entry{name: m.Name, value: raw(quoteJSON(op.Plugin + side))})
			continue
		}
		if m.Name == "parameter" && side == "reader" && c.job.Dialect == DataX && len(m.Node.Member("connection").Items()) > 0 {
			all = append(all, entry{name: m.Name, value: c.nested(c.relational(m.Node))})
			continue
		}
		all = append(all, c.member(m))
	}
	return all
}

// setting returns job.setting. speed.bytes is always there: it tells the file
// from DataX's.
func (c *canonical) setting(n *config.Node) []entry {
	var all []entry
	if n.Member("speed").Unset() {
		all = append(all, entry{name: "speed", value: c.nested(c.speed(nil))})
	}
	for _, m := range n.Members() {
		switch {
		case m.Name == "speed" && !m.Node.Unset():
			all = append(all, entry{name: m.Name, value: c.nested(c.speed(m.Node))})
		case m.Name == "errorLimit" && c.job.Dialect == DataX && m.Node.Kind() == config.ObjectKind:
			all = append(all, entry{name: m.Name, value: c.nested(c.errorLimit(m.Node))})
		default:
			all = append(all, c.member(m))
		}
	}
	return all
}

func (c *canonical) speed(n *config.Node) []entry {
	var all []entry
	bytes := false
	one := c.oneReader(n)
	known := map[string]bool{"readerChannel": one != nil}
	if s := c.job.Setting.Speed; c.perChannel() {
		bytes, known["channel"], known["bytes"], known["record"] = true, true, true, true
		all = append(all, entry{name: "channel", value: raw(strconv.Itoa(s.Channel))}, entry{name: "bytes", value: raw(strconv.FormatInt(int64(s.Bytes), 10))})
		if s.Record > 0 {
			all = append(all, entry{name: "record", value: raw(strconv.FormatInt(s.Record, 10))})
		}
	}
	for _, m := range n.Members() {
		if e := c.member(m); !known[e.name] {
			bytes = bytes || e.name == "bytes" && !e.unset
			all = append(all, e)
		}
	}
	if !bytes {
		all = append(all, entry{name: "bytes", value: raw("0"), comment: "no limit"})
	}
	return append(all, one...)
}

// lost returns the comment on a key that is not carried.
func (c *canonical) lost(m config.Member) entry {
	why, known := c.dropped[m.Node]
	switch {
	case known:
	case c.job.LeftOut(m.Node):
		why = "unknown or without effect"
	default:
		why = engineOfDataX
	}
	return entry{comment: fmt.Sprintf("not carried: %s: %s (%s)", quoteJSON(m.Name), shortened(config.Masked(m.Node)), why)}
}

// shownValue is how much of a value a comment shows, in characters.
const shownValue = 60

// shortened returns JSON in one line, cut.
func shortened(text []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return "..."
	}
	if r := []rune(b.String()); len(r) > shownValue {
		return string(r[:shownValue]) + "..."
	}
	return b.String()
}

// oneLine keeps a text from ending the comment that it stands in.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
}
