package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/record"
)

// mapped is a table map of the log and how the rows after it are read.
type mapped struct {
	raw     []byte // the map; another one may have the same number
	version int    // of the definitions
	name    record.Name
	table   *binlogkit.Table // nil: its changes are not wanted
	bad     error            // why its rows cannot be read; nil: they can
}

// tables are the table maps that events of rows name by number.
type tables struct {
	reader  *reader
	lists   *lists
	history *binlogkit.History
	options binlogkit.Options
	maps    map[uint64]*mapped
	version int // grows with every change of a definition
	learned bool
	schemas map[record.Name][]*record.Schema
}

// mostMaps bounds the memory of maps: a server gives a table another number
// each time it opens it anew.
const mostMaps = 10_000

func newTables(r *reader, srv *server, h *binlogkit.History) *tables {
	t := &tables{reader: r, lists: &lists{now: r.selection}, history: h, maps: map[uint64]*mapped{}, schemas: map[record.Name][]*record.Schema{}}
	t.options = binlogkit.Options{TinyBool: r.settings.TinyIntBool, ZeroNull: r.settings.ZeroDateNull, MariaDB: srv.flavor == flavorMariaDB,
		Collations: srv.collations, Meta: metaColumns(r.meta), Intern: t.intern}
	return t
}

// intern returns one schema for one shape.
func (t *tables) intern(s *record.Schema) *record.Schema {
	for _, known := range t.schemas[s.Name] {
		if reflect.DeepEqual(known, s) {
			return known
		}
	}
	t.schemas[s.Name] = append(t.schemas[s.Name], s)
	return s
}

// changed is told that a definition is another one from here on.
func (t *tables) changed() { t.version++ }

// take reads a table map.
func (t *tables) take(f *follower, e *event) error {
	if len(e.body) < 6 {
		return errShort
	}
	number := tableNumber(e.body)
	if m := t.maps[number]; m != nil && m.version == t.version && bytes.Equal(m.raw, e.body) {
		return nil
	}
	if len(t.maps) >= mostMaps {
		clear(t.maps)
	}
	m := &mapped{raw: bytes.Clone(e.body), version: t.version}
	t.maps[number] = m
	ev, err := f.parse(e)
	tm, ok := ev.(*replication.TableMapEvent)
	switch {
	case err != nil:
		m.bad = err
	case !ok:
		m.bad = errShort
	default:
		m.name = record.Name{Database: string(tm.Schema), Table: string(tm.Table)}
		if t.lists.follows(m.name) {
			m.bad = t.plan(m, tm)
		}
	}
	return m.bad
}

// named is the table of a table map, or of rows; "": it is not known.
func (t *tables) named(e *event) string {
	if len(e.body) < 6 {
		return ""
	}
	m := t.maps[tableNumber(e.body)]
	if m == nil || m.name == (record.Name{}) {
		return ""
	}
	return m.name.String()
}

// plan says how the rows of a map are read.
func (t *tables) plan(m *mapped, tm *replication.TableMapEvent) error {
	def := t.history.Table(m.name)
	table, err := binlogkit.Plan(tm, def, &t.options)
	switch {
	case err != nil && !t.lists.has(m.name):
		return nil // a shadow: its definition matters when it takes the table's place
	case errors.Is(err, binlogkit.ErrUndefined):
		return errclass.With(errclass.Permanent, fmt.Errorf(
			"%w, and the log does not say them (binlog_row_metadata=MINIMAL or NO_LOG): SET GLOBAL binlog_row_metadata = 'FULL' and begin later (start, -fresh), or leave the table out", err))
	case err != nil:
		return err
	}
	if def == nil {
		if learned := binlogkit.Learn(tm, &t.options); learned != nil {
			t.history.Define(learned)
			t.learned = true
		}
	}
	if t.lists.has(m.name) {
		m.table = table
	}
	return nil
}

func tableNumber(body []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(body)) | uint64(binary.LittleEndian.Uint16(body[4:]))<<32
}

// kinds are what events of rows do.
var kinds = map[replication.EventType]struct {
	kind                     binlogkit.Kind
	extra, partial, squeezed bool
}{
	replication.WRITE_ROWS_EVENTv1:                      {kind: binlogkit.Insert},
	replication.UPDATE_ROWS_EVENTv1:                     {kind: binlogkit.Update},
	replication.DELETE_ROWS_EVENTv1:                     {kind: binlogkit.Delete},
	replication.WRITE_ROWS_EVENTv2:                      {kind: binlogkit.Insert, extra: true},
	replication.UPDATE_ROWS_EVENTv2:                     {kind: binlogkit.Update, extra: true},
	replication.DELETE_ROWS_EVENTv2:                     {kind: binlogkit.Delete, extra: true},
	replication.PARTIAL_UPDATE_ROWS_EVENT:               {kind: binlogkit.Update, extra: true, partial: true},
	replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:  {kind: binlogkit.Insert, squeezed: true},
	replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1: {kind: binlogkit.Update, squeezed: true},
	replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1: {kind: binlogkit.Delete, squeezed: true},
}

// rows opens the images of an event of rows; nil: the table is not wanted.
func (t *tables) rows(f *follower, e *event, images *binlogkit.Images) (*mapped, binlogkit.Kind, error) {
	k := kinds[e.EventType]
	p := e.body
	if len(p) < 8 {
		return nil, 0, errShort
	}
	m := t.maps[tableNumber(p)]
	if m == nil {
		return nil, 0, errclass.With(errclass.Permanent, fmt.Errorf("no table map was seen for the table number %d", tableNumber(p)))
	}
	if m.table == nil || m.bad != nil {
		return nil, 0, m.bad
	}
	p = p[8:] // number and flags
	if k.extra {
		if len(p) < 2 {
			return nil, 0, errShort
		}
		size := int(binary.LittleEndian.Uint16(p))
		if size < 2 || len(p) < size {
			return nil, 0, errShort
		}
		p = p[size:]
	}
	columns, n, err := binlogkit.LengthInt(p)
	if err != nil || columns > 1<<16 {
		return nil, 0, errShort
	}
	p = p[n:]
	size := (int(columns) + 7) / 8
	bitmaps := size
	if k.kind == binlogkit.Update {
		bitmaps *= 2
	}
	if int(columns) != m.table.Width() {
		return nil, 0, errclass.With(errclass.Permanent, fmt.Errorf("the rows have %d columns, and the table has %d there", columns, m.table.Width()))
	}
	if len(p) < bitmaps {
		return nil, 0, errShort
	}
	first, second := p[:size], p[size:bitmaps]
	p = p[bitmaps:]
	if k.squeezed {
		data, err := gomysql.DecompressMariadbData(p)
		if err != nil {
			return nil, 0, errclass.With(errclass.Permanent, fmt.Errorf("unpacking rows: %w", err))
		}
		first, second, p = slices.Clone(first), slices.Clone(second), data
	}
	if err := images.Reset(m.table, k.kind, k.partial, first, second, p); err != nil {
		return nil, 0, err
	}
	return m, k.kind, nil
}
