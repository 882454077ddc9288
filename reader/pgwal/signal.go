package pgwal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// signals is what stored splits say of signals.
func signals() *plugin.SignalInfo {
	return &plugin.SignalInfo{Table: storedTable, Copying: storedCopying}
}

// storedLog finds the log that is read, or will be, of stored splits, and what
// it knows where it was left.
func storedLog(stored []plugin.Progress) (sp *spec, st state, err error) {
	var raw json.RawMessage
	for _, p := range stored {
		if isLog(p.Split) {
			one, _, err := parseSpec(p.Split)
			if err != nil {
				return nil, st, err
			}
			sp = &one
			if raw = one.Tables; p.State != nil {
				raw = p.State
			}
			continue
		}
		c, err := parseChunk(p.Split)
		if err != nil {
			return nil, st, err
		}
		if c.Log != nil && (sp == nil || sp.Tables == nil && raw == nil) {
			sp, raw = c.Log, c.Log.Tables
		}
	}
	if sp == nil {
		return nil, st, errclass.With(errclass.Config, fmt.Errorf("the job follows no log"))
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &st); err != nil || st.V != version {
			return nil, st, lost("reading the tables' definitions beside the position: version %d, %v", st.V, err)
		}
	}
	return sp, st, nil
}

// storedCopying implements Copying of [plugin.SignalInfo].
func storedCopying(stored []plugin.Progress) (*plugin.Copying, error) {
	sp, st, err := storedLog(stored)
	if err != nil {
		return nil, err
	}
	all := st.copies().Copying()
	coming := sp.From(st.Lists)
	all.Tables = append(all.Tables, coming.Waiting()...)
	return all, nil
}

// storedTable implements Table of [plugin.SignalInfo].
func storedTable(stored []plugin.Progress, text string) (name record.Name, err error) {
	sp, st, err := storedLog(stored)
	if err != nil {
		return name, err
	}
	l := sp.Last()
	if l == nil {
		return name, errclass.With(errclass.Config, fmt.Errorf("the job was last run by an earlier version: run it with this one first"))
	}
	all := slices.Clone(*l)
	if len(all) == 0 {
		for _, one := range st.Tables {
			all = append(all, record.Name{Database: sp.Database, Schema: one.Schema, Table: one.Table})
		}
	}
	wanted := strings.ReplaceAll(strings.TrimSpace(text), `"`, "")
	var found []record.Name
	for _, n := range all {
		if wanted == n.Table || wanted == n.Schema+"."+n.Table || wanted == n.String() {
			found = append(found, n)
		}
	}
	keyless := func(one tableState) bool {
		return len(found) == 1 && one.Schema == found[0].Schema && one.Table == found[0].Table && !slices.ContainsFunc(one.Columns, func(c columnState) bool { return c.InKey })
	}
	switch {
	case slices.ContainsFunc(st.Tables, keyless):
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s has no key that its rows can be read in the order of: give it a primary key that is its replica identity", text))
	case len(found) == 0:
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s is not among those that the job follows, as far as it has met them", text))
	case len(found) > 1:
		return name, errclass.With(errclass.Config, fmt.Errorf("table %s is several, %s and %s: name its schema too", text, found[0], found[1]))
	}
	return found[0], nil
}
