package sqlread

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const incrementVersion = 1

// Kinds of splits that are read in order of an increment column.
const (
	kindIncrement = "increment" // up to the maximum at the start
	kindPolling   = "polling"   // without an end
)

// incrementSpec is what the Spec of such a split holds. Its progress, when the
// run has finished, is where the next run begins.
type incrementSpec struct {
	V          int             `json:"v"`
	Kind       string          `json:"kind"`
	Connection int             `json:"connection,omitempty"` // place in the job's list
	Table      *record.Name    `json:"table,omitempty"`      // nil: the job's statement
	Column     string          `json:"column"`               // the increment column
	Key        []string        `json:"key,omitempty"`        // by which rows are told apart; without Column
	Given      string          `json:"given,omitempty"`      // startLocation, as the job file had it
	Start      string          `json:"start,omitempty"`      // where the run began, as reported
	Begin      json.RawMessage `json:"begin,omitempty"`      // a position: of the last run, or made of the job file; nil: none was ever made
	End        *storedValue    `json:"end,omitempty"`        // the maximum at the start; nil: there is nothing to read
	Below      bool            `json:"below,omitempty"`      // the rows that have it are left for the next run
	Bad        string          `json:"bad,omitempty"`        // why nothing can be read in this run; what else is here is of the last one
}

func (s *incrementSpec) place() place {
	p := place{connection: s.Connection}
	if s.Table != nil {
		p.table = *s.Table
	}
	return p
}

// split names the split of the job's table of that number. With a name for its
// rows it is one of several.
func (s *incrementSpec) split(table int, name record.Name) (plugin.Split, error) {
	s.V = incrementVersion
	raw, err := json.Marshal(s)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding a split: %w", err)
	}
	return plugin.Split{ID: strconv.Itoa(table) + "/" + s.Kind, Spec: raw, Endless: s.Kind == kindPolling, Remembers: true,
		Apart: name != record.Name{}, Table: name}, nil
}

// parseIncrement reads a split's spec. The error is of class PositionLost.
func parseIncrement(split *plugin.Split) (*incrementSpec, error) {
	s := &incrementSpec{}
	err := json.Unmarshal(split.Spec, s)
	if err == nil && (s.V != incrementVersion || s.Kind != kindIncrement && s.Kind != kindPolling || s.Column == "") {
		err = fmt.Errorf("it was planned by another version")
	}
	if err != nil {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("reading split %q: %w; start over with -fresh", split.ID, err))
	}
	return s, nil
}

// end is the maximum at the start; nil: there is nothing to read.
func (s *incrementSpec) end() (*sqlkit.Value, error) {
	if s.End == nil {
		return nil, nil
	}
	v, err := s.End.value()
	return &v, err
}

// shape says how rows of an origin are told apart and read in order; it was
// stored, so that a changed index does not change it.
func (s *incrementSpec) shape(o *origin) (cursorShape, order, error) {
	by := order{key: append([]string{s.Column}, without(s.Key, s.Column)...), unique: len(s.Key) > 0}
	shape := cursorShape{keyed: by.unique}
	for _, name := range by.key {
		f := o.field(name)
		if f == nil {
			return shape, by, (&query{origin: o}).changed("column %q is gone", name)
		}
		shape.columns = append(shape.columns, sqlkit.KeyColumn{Name: f.Name, Kind: f.Kind})
	}
	shape.sorted = shape.keyed && o.sortable(by.key[1:]) != nil
	return shape, by, nil
}
