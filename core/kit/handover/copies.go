package handover

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Copies is what is copied beside a log, and how far: the state of a [Copier],
// which a reader stores with the log's position, as a part of its own.
type Copies struct {
	Seen    []string               `json:"seen,omitempty"`   // signals that were obeyed and may still be pending
	Tables  []*Copy                `json:"tables,omitempty"` // in the order they are copied in
	Refused []plugin.RefusedSignal `json:"refused,omitempty"`
	// Anew are the tables that signals have had copied, for [Filter.Anew].
	Anew []record.Name `json:"anew,omitempty"`
}

// Copy is a table that is being copied.
type Copy struct {
	Table  record.Name `json:"table"`
	Signal string      `json:"signal,omitempty"` // that asked for it
	// First says that the table was added to the list: changes of rows whose keys
	// are behind After are left out of the log, since their copy shows them.
	First  bool            `json:"first,omitempty"`
	Paused bool            `json:"paused,omitempty"`
	Key    []string        `json:"key,omitempty"`   // names of the key's columns
	After  Key             `json:"after,omitempty"` // rows up to here were handed on; nil: none
	At     json.RawMessage `json:"at,omitempty"`    // that, as the views' Source has it
	Rows   int64           `json:"rows,omitempty"`
	Err    string          `json:"err,omitempty"` // why it was paused

	schema *record.Schema // whose key was compared with Key last
}

// mostRefused is how many refused signals are remembered.
const mostRefused = 8

// Empty tells that there is nothing to store.
func (c *Copies) Empty() bool {
	return len(c.Seen) == 0 && len(c.Tables) == 0 && len(c.Refused) == 0 && len(c.Anew) == 0
}

// Copying tells people what is being copied.
func (c *Copies) Copying() *plugin.Copying {
	all := &plugin.Copying{Noted: c.Seen, Refused: c.Refused}
	now := c.current()
	for _, one := range c.Tables {
		state := "waiting"
		switch {
		case one.Paused:
			state = "paused"
		case one == now:
			state = "copying"
		}
		all.Tables = append(all.Tables, plugin.TableCopy{Table: one.Table, State: state, First: one.First, Rows: one.Rows, Err: one.Err})
	}
	return all
}

// current is the table to copy now; nil: none.
func (c *Copies) current() *Copy {
	i := slices.IndexFunc(c.Tables, func(one *Copy) bool { return !one.Paused })
	if i < 0 {
		return nil
	}
	return c.Tables[i]
}

func (c *Copies) find(table record.Name) *Copy {
	i := slices.IndexFunc(c.Tables, func(one *Copy) bool { return one.Table == table })
	if i < 0 {
		return nil
	}
	return c.Tables[i]
}

func (c *Copies) remove(one *Copy) {
	c.Tables = slices.DeleteFunc(c.Tables, func(o *Copy) bool { return o == one })
}

func (c *Copies) refuse(signal string, table record.Name, why string) {
	c.Refused = append(c.Refused, plugin.RefusedSignal{Signal: signal, Table: table, Err: why})
	if n := len(c.Refused) - mostRefused; n > 0 {
		c.Refused = slices.Delete(c.Refused, 0, n)
	}
}

// obey does what a signal says; gone are the copies that are given up by that.
func (c *Copies) obey(s plugin.Signal, follows func(record.Name) bool) (gone []*Copy) {
	if s.Verb == plugin.SignalSnapshot {
		for _, table := range s.Tables {
			if again := c.begin(s.ID, table, follows); again != nil {
				gone = append(gone, again)
			}
		}
		return gone
	}
	chosen := slices.Clone(c.Tables)
	if len(s.Tables) > 0 {
		chosen = nil
		for _, table := range s.Tables {
			if one := c.find(table); one != nil {
				chosen = append(chosen, one)
			} else {
				c.refuse(s.ID, table, fmt.Sprintf("%s: the table is not being copied", s.Verb))
			}
		}
	}
	for _, one := range chosen {
		switch {
		case s.Verb == plugin.SignalPause:
			one.Paused = true
		case s.Verb == plugin.SignalResume:
			one.Paused, one.Err = false, ""
		case s.Verb == plugin.SignalStop && one.First:
			c.refuse(s.ID, one.Table, "stop: the table was added to the list and rows of it would be missing for ever: pause it, or take it off the list")
		case s.Verb == plugin.SignalStop:
			c.remove(one)
			gone = append(gone, one)
		default:
			c.refuse(s.ID, one.Table, fmt.Sprintf("%q is no signal that this version knows", s.Verb))
		}
	}
	return gone
}

// begin puts a table in line. One that is being copied again already begins
// anew, which gives up the copy that is returned.
func (c *Copies) begin(signal string, table record.Name, follows func(record.Name) bool) (gone *Copy) {
	old := c.find(table)
	switch {
	case !follows(table):
		c.refuse(signal, table, "snapshot: the table is not among those that the job follows")
		return nil
	case old != nil && old.First:
		c.refuse(signal, table, "snapshot: the table was added to the list and is being copied for the first time")
		return nil
	}
	if !slices.Contains(c.Anew, table) {
		c.Anew = append(c.Anew, table)
	}
	if old != nil {
		c.Tables[slices.Index(c.Tables, old)] = &Copy{Table: table, Signal: signal, Paused: old.Paused && old.Err == ""}
		return old
	}
	c.Tables = append(c.Tables, &Copy{Table: table, Signal: signal})
	return nil
}

// restart begins a table anew, as one whose changes are all handed on: the
// key that its rows were copied by is another one now.
func (one *Copy) restart() {
	one.First, one.Key, one.After, one.At, one.Rows, one.schema = false, nil, nil, nil, 0, nil
}
