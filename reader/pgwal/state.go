package pgwal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// state is what is kept beside a position: the definitions of the tables there,
// which a later stream is compared with.
type state struct {
	V      int          `json:"v"`
	Tables []tableState `json:"tables"`
	// Copies is what is copied beside the log, Lists how many of [spec].Lists count.
	Copies *handover.Copies `json:"copies,omitempty"`
	Lists  int              `json:"lists,omitempty"`
}

// copies returns what is copied, never nil.
func (s *state) copies() *handover.Copies {
	if s.Copies == nil {
		return new(handover.Copies)
	}
	return s.Copies
}

type tableState struct {
	Schema   string        `json:"schema"`
	Table    string        `json:"table"`
	Identity string        `json:"identity"`
	Columns  []columnState `json:"columns"`
}

type columnState struct {
	Name     string `json:"name"`
	OID      uint32 `json:"oid"`
	Modifier int32  `json:"modifier"`
	InKey    bool   `json:"key,omitempty"`
}

// state encodes the tables that are known.
func (t *tables) state() ([]byte, error) {
	out := state{V: version, Lists: t.lists.Passed}
	if !t.copies.Empty() {
		out.Copies = t.copies
	}
	for name, rel := range t.known {
		one := tableState{Schema: name.Schema, Table: name.Table, Identity: string(rel.identity)}
		for _, c := range rel.columns {
			one.Columns = append(one.Columns, columnState{c.name, c.typ.OID, c.typ.Modifier, c.inKey})
		}
		out.Tables = append(out.Tables, one)
	}
	slices.SortFunc(out.Tables, func(a, b tableState) int {
		return strings.Compare(a.Schema+"."+a.Table, b.Schema+"."+b.Table)
	})
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encoding the tables' definitions: %w", err)
	}
	return raw, nil
}

// stateWith is state with one table as it was.
func (t *tables) stateWith(name record.Name, was *relation) ([]byte, error) {
	now := t.known[name]
	t.known[name] = was
	defer func() { t.known[name] = now }()
	return t.state()
}

// restore takes in what state has encoded.
func (t *tables) restore(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var in state
	if err := json.Unmarshal(raw, &in); err != nil || in.V != version {
		return lost("reading the tables' definitions beside the position: version %d, %v", in.V, err)
	}
	t.copies, t.lists.Passed = in.copies(), in.Lists
	for _, one := range in.Tables {
		rel := &relation{}
		if len(one.Identity) == 1 {
			rel.identity = one.Identity[0]
		}
		for _, c := range one.Columns {
			rel.columns = append(rel.columns, column{c.Name, pgkit.TypeRef{OID: c.OID, Modifier: c.Modifier}, c.InKey})
		}
		t.known[record.Name{Database: t.config.settings.Database, Schema: one.Schema, Table: one.Table}] = rel
	}
	return nil
}
