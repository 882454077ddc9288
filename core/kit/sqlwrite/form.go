package sqlwrite

import (
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// run is rows of one batch that are written by one form.
type run struct {
	form    *Form
	update  *Form // a change of some columns is tried first; nil: it is not
	columns []int // the row's column for each of form.Columns
	batch   *record.Batch
	rows    []int
}

// kindOfRun is what runs of whole rows differ by.
type kindOfRun struct {
	verb   Verb
	keep   bool
	merged bool // rows of the group's own, made from several of a batch
}

func (k kindOfRun) index() int {
	i := int(k.verb) * 4
	if k.keep {
		i += 2
	}
	if k.merged {
		i++
	}
	return i
}

// forms are a group's runs, kept from batch to batch so that the same pointer
// means the same form.
type forms struct {
	p       *plan
	bulk    string
	whole   [(int(Delete) + 1) * 4]*run
	partial map[string]*run // by kind and the columns that are there
	name    []byte          // of the partial run that is looked for
}

// of returns the run for a row whose columns are at at; partial says that some
// of them are absent.
func (f *forms) of(k kindOfRun, r record.Row, at []int, partial bool) *run {
	if k.verb == Delete {
		partial = false
	}
	i := k.index()
	if !partial {
		if f.whole[i] == nil {
			f.whole[i] = f.make(k, at, nil)
		}
		return f.whole[i]
	}
	f.name = append(f.name[:0], byte(i))
	for _, c := range at {
		there := byte('1')
		if r.Kind(c) == record.Absent {
			there = '0'
		}
		f.name = append(f.name, there)
	}
	if found := f.partial[string(f.name)]; found != nil {
		return found
	}
	if f.partial == nil {
		f.partial = map[string]*run{}
	}
	made := f.make(k, at, f.name[1:])
	f.partial[string(f.name)] = made
	return made
}

// make builds a run over the columns that are there; nil: all.
func (f *forms) make(k kindOfRun, at []int, there []byte) *run {
	form := &Form{Verb: k.verb, Table: f.p.table, KeepOld: k.keep}
	if k.verb == Insert {
		form.Bulk = strings.ToLower(f.bulk)
	}
	made := &run{form: form}
	others := 0
	for i := range f.p.columns {
		isKey := f.p.isKey[i]
		if there != nil && there[i] == '0' || k.verb == Delete && !isKey {
			continue
		}
		if !isKey {
			others++
		}
		form.Columns = append(form.Columns, f.p.columns[i])
		made.columns = append(made.columns, at[i])
	}
	if k.verb != Insert {
		form.Key = f.keyOf(form)
	}
	if there != nil && k.verb == Upsert && others > 0 {
		update := *form
		update.Verb = Update
		made.update = &update
	}
	return made
}

// keyOf finds the key's columns among a form's, in the key's order.
func (f *forms) keyOf(form *Form) []int {
	var key []int
	for _, k := range f.p.key {
		for i := range form.Columns {
			if form.Columns[i].TableColumn == f.p.columns[k].TableColumn {
				key = append(key, i)
			}
		}
	}
	return key
}
