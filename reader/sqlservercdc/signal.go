package sqlservercdc

import (
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// signals is what stored splits say of signals.
func signals() *plugin.SignalInfo {
	return &plugin.SignalInfo{Table: storedTable, Copying: storedCopying}
}

// storedLog finds the changes that are read, or will be, of stored splits, with
// the state where they were left.
func storedLog(stored []plugin.Progress) (sp *spec, err error) {
	logged := slices.ContainsFunc(stored, func(p plugin.Progress) bool { return isLog(p.Split) })
	for _, p := range stored {
		if isLog(p.Split) { // the last of them counts
			if sp, err = left(p); err != nil {
				return nil, err
			}
			continue
		}
		if logged || sp != nil {
			continue
		}
		c, err := parseChunk(p.Split)
		if err != nil {
			return nil, err
		}
		sp = c.Log
	}
	if sp == nil {
		return nil, errclass.With(errclass.Config, errors.New("the job follows no changes"))
	}
	if !logged {
		err = sp.whole(stored)
	}
	return sp, err
}

// storedCopying implements Copying of [plugin.SignalInfo].
func storedCopying(stored []plugin.Progress) (*plugin.Copying, error) {
	sp, err := storedLog(stored)
	if err != nil {
		return nil, err
	}
	copies := sp.State.Copies
	if copies == nil {
		copies = new(handover.Copies)
	}
	all := copies.Copying()
	coming := sp.From(sp.State.Lists)
	all.Tables = append(all.Tables, coming.Waiting()...)
	return all, nil
}

// storedTable implements Table of [plugin.SignalInfo].
func storedTable(stored []plugin.Progress, text string) (name record.Name, err error) {
	refuse := func(err error) (record.Name, error) { return record.Name{}, errclass.With(errclass.Config, err) }
	sp, err := storedLog(stored)
	if err != nil {
		return name, err
	}
	wanted, err := sqlkit.InSchema(text, schema)
	if err != nil {
		return refuse(err)
	}
	l := sp.Last()
	i := slices.IndexFunc(sp.State.Tables, func(t tableState) bool {
		return sameName(record.Name{Schema: t.Schema, Table: t.Table}, wanted)
	})
	switch {
	case l == nil:
		return refuse(errors.New("the job was last run by an earlier version: run it with this one first"))
	case i < 0 || len(*l) > 0 && !has(*l, wanted):
		return refuse(fmt.Errorf("table %s is not among those that the job follows, as far as it has met them; one of another schema than %s is named with it", text, schema))
	case len(sp.State.Tables[i].Key) == 0:
		return refuse(fmt.Errorf("table %s has no key that its rows can be read in the order of: give it a primary key, and a capture instance that has its columns", text))
	}
	return record.Name{Database: sp.Database, Schema: sp.State.Tables[i].Schema, Table: sp.State.Tables[i].Table}, nil
}
