package binlog

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// signals is what stored splits say of signals.
func signals() *plugin.SignalInfo {
	return &plugin.SignalInfo{Table: storedTable, Copying: storedCopying}
}

// storedLog finds the log that is read, or will be, of stored splits, and what
// it knows where it was left.
func storedLog(stored []plugin.Progress) (sp *LogSpec, state []byte, err error) {
	for _, p := range stored {
		if isLog(p.Split) {
			if sp, err = parseLogSpec(p.Split); err != nil {
				return nil, nil, err
			}
			if state = sp.History; p.State != nil {
				state = p.State
			}
			continue
		}
		c, err := parseChunk(p.Split)
		if err != nil {
			return nil, nil, err
		}
		if sp == nil && c.Log != nil && c.Log.History != nil {
			sp, state = c.Log, c.Log.History
		}
	}
	if sp == nil {
		err = errclass.With(errclass.Config, fmt.Errorf("the job follows no log"))
	}
	return sp, state, err
}

// storedCopying implements Copying of [plugin.SignalInfo].
func storedCopying(stored []plugin.Progress) (*plugin.Copying, error) {
	sp, state, err := storedLog(stored)
	if err != nil {
		return nil, err
	}
	e, err := parseExtra(state)
	if err != nil {
		return nil, lost("the stored state is none of the binlog reader: %w", err)
	}
	all := e.Copies.Copying()
	for _, l := range sp.Lists[min(e.Lists, len(sp.Lists)):] {
		for _, name := range l.Copy {
			all.Tables = append(all.Tables, plugin.TableCopy{Table: name, State: "waiting", First: true})
		}
	}
	return all, nil
}

// storedTable implements Table of [plugin.SignalInfo].
func storedTable(stored []plugin.Progress, text string) (name record.Name, err error) {
	sp, state, err := storedLog(stored)
	if err != nil {
		return name, err
	}
	selected := func(record.Name) bool { return true }
	if l := sp.list(); l != nil {
		s, err := l.selection()
		if err != nil {
			return name, lost("%w", err)
		}
		selected = s.has
	}
	wanted := strings.ReplaceAll(strings.TrimSpace(text), "`", "")
	var found []*binlogkit.Definition
	for _, known := range histories(sp, state) {
		h := binlogkit.NewHistory(binlogkit.Product{})
		if err := h.Load(known); err != nil {
			return name, lost("%w", err)
		}
		for _, d := range h.Tables() {
			if selected(d.Name()) && (strings.EqualFold(d.Name().String(), wanted) || strings.EqualFold(d.Table, wanted)) {
				found = append(found, d)
			}
		}
	}
	switch {
	case len(found) == 0:
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s is not among those that the job follows", text))
	case len(found) > 1:
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s is several, %s and %s: name its database too", text, found[0].Name(), found[1].Name()))
	case len(found[0].Key()) == 0:
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s has no key that its rows can be read in the order of: give it a primary key, or a unique one of columns that are never NULL", text))
	}
	return found[0].Name(), nil
}

// histories are all definitions that are known of tables: where the log is, and
// of lists to come.
func histories(sp *LogSpec, state []byte) [][]byte {
	var all [][]byte
	if state != nil {
		all = append(all, state)
	}
	e, err := parseExtra(state)
	if err != nil {
		return all
	}
	for _, l := range sp.Lists[min(e.Lists, len(sp.Lists)):] {
		if l.History != nil {
			all = append(all, l.History)
		}
	}
	return all
}
