package sqlservercdc

import (
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// state is what is kept beside a position: which capture instance each table
// is read from there, and the columns that it has.
type state struct {
	V      int          `json:"v"`
	Tables []tableState `json:"tables"` // sorted by name
	// Copies is what is copied beside the changes, Lists how many of [spec].Lists count.
	Copies *handover.Copies `json:"copies,omitempty"`
	Lists  int              `json:"lists,omitempty"`
}

type tableState struct {
	Schema   string        `json:"schema"`
	Table    string        `json:"table"`
	Instance string        `json:"instance"`
	Start    string        `json:"start"` // the oldest commit that the instance had when the job met it
	Columns  []columnState `json:"columns"`
	Key      []int         `json:"key,omitempty"`
}

type columnState struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable,omitempty"`
}

// state describes the tables that are known.
func (c *catalog) state() state {
	out := state{V: version, Tables: []tableState{}, Lists: c.lists.Passed}
	if !c.copies.Empty() {
		out.Copies = c.copies
	}
	for _, t := range c.tables {
		one := tableState{Schema: t.name.Schema, Table: t.name.Table, Instance: t.instance, Start: t.floor.String(), Key: t.schema.Key}
		for i := range t.schema.Data {
			col := &t.schema.Columns[i]
			one.Columns = append(one.Columns, columnState{col.Name, col.Native, col.Nullable})
		}
		out.Tables = append(out.Tables, one)
	}
	return out
}

// encode is state as it is stored.
func (c *catalog) encode() ([]byte, error) {
	raw, err := json.Marshal(c.state())
	if err != nil {
		return nil, fmt.Errorf("encoding the tables' definitions: %w", err)
	}
	return raw, nil
}

// restore takes in what state has described, but for tables that are off the
// list or come later.
func (c *catalog) restore(in state) error {
	if in.Copies != nil {
		c.copies = in.Copies
	}
	for _, one := range in.Tables {
		if !c.reads(record.Name{Database: c.database, Schema: one.Schema, Table: one.Table}) {
			c.fresh = true
			continue
		}
		floor, err := parseLSN(one.Start)
		if err != nil {
			return lost("reading the tables' definitions beside the position: %w", err)
		}
		t := &table{name: record.Name{Database: c.database, Schema: one.Schema, Table: one.Table}, instance: one.Instance, floor: floor}
		columns := make([]record.Column, 0, len(one.Columns)+len(c.meta))
		for _, col := range one.Columns {
			columns = append(columns, mssqlkit.Column(col.Name, col.Type, col.Nullable))
		}
		for _, k := range one.Key {
			if k < 0 || k >= len(columns) {
				return lost("reading the tables' definitions beside the position: table %s has no column %d", t.name, k)
			}
		}
		t.schema = &record.Schema{Name: t.name, Columns: append(columns, c.meta...), Data: len(columns), Key: one.Key}
		c.add(t)
	}
	return nil
}

// parseState reads a stored state.
func parseState(raw json.RawMessage) (state, error) {
	var in state
	if err := json.Unmarshal(raw, &in); err != nil || in.V != version {
		return in, lost("reading the tables' definitions beside the position: version %d, %v", in.V, err)
	}
	return in, nil
}
