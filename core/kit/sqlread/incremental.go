package sqlread

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// incremental is a reader in order of an increment column.
type incremental struct {
	*reader
	clock     clock
	mayNotAsk atomic.Bool // for open transactions: said already
}

var (
	_ plugin.Splitter  = (*incremental)(nil)
	_ plugin.Resumer   = (*incremental)(nil)
	_ plugin.Describer = (*incremental)(nil)
	_ plugin.Prober    = (*incremental)(nil)
)

// Splits implements [plugin.Splitter]: one ordered split per table, whatever
// the number of channels, since only that has one consistent view and one
// position.
func (r *incremental) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	places, err := r.places(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.remembers(places, p.Last); err != nil {
		return nil, err
	}
	if r.cfg.Polling && len(places) > max(p.Channels, 1) {
		return nil, errclass.With(errclass.Config, fmt.Errorf("polling: %d tables are polled for ever, each by a channel of its own: set speed.channel to %[1]d", len(places)))
	}
	if p.Channels > len(places) {
		r.log.Info("an incremental read is one statement in order of increColumn: one channel per table is used", "channels", p.Channels, "tables", len(places))
	}
	several := r.several(places)
	var splits []plugin.Split
	var bad error
	for i, at := range places {
		split, err := r.split(ctx, i, at, p, several)
		if err != nil && several && !r.cfg.Polling && apart(err) && errclass.Of(err) != errclass.PositionLost {
			if bad == nil {
				bad = err
			}
			split, err = r.asAside(i, at, p.Last, err)
		}
		if err != nil {
			return nil, err
		}
		splits = append(splits, split)
	}
	if bad != nil && r.allAside(splits) {
		return nil, bad
	}
	return splits, nil
}

// split plans the read of the job's table of that number.
func (r *incremental) split(ctx context.Context, number int, at place, p plugin.Plan, several bool) (split plugin.Split, err error) {
	err = r.dialled(ctx, at, func(s Session, o *origin) error {
		spec, err := r.increment(ctx, s, o, p)
		if err != nil {
			return err
		}
		var name record.Name
		if several {
			name = o.schema.Name
		}
		split, err = spec.split(number, name)
		return err
	})
	return split, err
}

// asAside is the split of a table that cannot be read in this run: its opening
// says why. It keeps what the last run has left, for the next one.
func (r *incremental) asAside(number int, at place, last []plugin.Progress, why error) (plugin.Split, error) {
	spec, position, err := r.left(at, last)
	if err != nil {
		return plugin.Split{}, err
	}
	if spec == nil {
		table := at.table
		spec = &incrementSpec{Kind: kindIncrement, Connection: at.connection, Table: &table, Column: unquoted(r.cfg.IncreColumn)}
	}
	spec.Begin, spec.End, spec.Bad = position, nil, why.Error()
	return spec.split(number, at.table)
}

// allAside tells that none of the tables can be read.
func (r *incremental) allAside(splits []plugin.Split) bool {
	for i := range splits {
		if spec, err := parseIncrement(&splits[i]); err != nil || spec.Bad == "" {
			return false
		}
	}
	return true
}

// increment plans the read of one table.
func (r *incremental) increment(ctx context.Context, s Session, o *origin, p plugin.Plan) (*incrementSpec, error) {
	f, err := r.increColumn(o)
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	spec := &incrementSpec{Kind: kindIncrement, Column: f.Name, Key: r.incrementKey(o, f), Connection: o.place.connection}
	if !o.place.isStatement() {
		table := o.place.table
		spec.Table = &table
	}
	if r.cfg.Polling {
		spec.Kind = kindPolling
	}
	if spec.Given, err = oneLocation(r.cfg.StartLocation, p.Channels); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	state, err := r.begin(o, f, spec, p.Last)
	if err != nil {
		return nil, err
	}
	shape, by, err := spec.shape(o)
	if err != nil {
		return nil, err
	}
	i := &increment{reader: r, session: s, query: &query{origin: o, order: by, strict: true}, report: r.report(spec)}
	i.cursor = &cursor{cursorState: state, cursorShape: shape, limit: rememberedRows}
	switch {
	case r.cfg.Polling && r.cfg.PollingFromMax && state.bound.op == fromAll:
		err = i.skipToMax(ctx)
	case !r.cfg.Polling:
		err = r.limit(ctx, i, spec)
	}
	if err != nil {
		return nil, err
	}
	spec.Begin = i.cursor.position(i.report)
	return spec, nil
}

// limit asks for the maximum at the start, which the run reads up to.
func (r *incremental) limit(ctx context.Context, i *increment, spec *incrementSpec) error {
	most, err := i.maximum(ctx)
	if err != nil || most == nil {
		return err
	}
	stored := storeValue(*most)
	spec.End, spec.Below = &stored, r.cfg.UseMaxFunc || len(spec.Key) == 0
	return nil
}

// Probe implements [plugin.Prober]: the increment column and the location are
// looked at as well.
func (r *incremental) Probe(ctx context.Context) error {
	_, err := r.describe(ctx, func(ctx context.Context, s Session, q *query) error {
		f, err := r.increColumn(q.origin)
		if err != nil {
			return errclass.With(errclass.Config, err)
		}
		for given := range strings.SplitSeq(r.cfg.StartLocation, ",") {
			if given = strings.TrimSpace(given); given == "" {
				continue
			}
			if _, err := parseLocation(given, f, r.zone); err != nil {
				return errclass.With(errclass.Config, errorAt("startLocation", "%w", err))
			}
		}
		return r.estimate(ctx, s, q)
	})
	return err
}

// increColumn finds the increment column: by its name, or by its index among
// the job's columns.
func (r *incremental) increColumn(o *origin) (*sqlkit.TableColumn, error) {
	name := unquoted(r.cfg.IncreColumn)
	f := o.field(name)
	if n, err := strconv.Atoi(name); f == nil && err == nil {
		if n < 0 || n >= len(o.columns) {
			return nil, errorAt("increColumn", "there is no column %d: column lists %d, from 0", n, len(o.columns))
		}
		if o.selected[n] < 0 {
			return nil, errorAt("increColumn", "column %d is a constant: name a column of the table", n)
		}
		f = &o.fields[o.selected[n]]
	}
	switch {
	case f == nil:
		return nil, o.unknown("increColumn", name)
	case !f.Sorts && f.Kind != record.String && f.Kind != record.Any, !sqlkit.CanResumeBy(f.Kind) && f.Kind != record.Any:
		return nil, errorAt("increColumn", "column %q is %s, whose values are not compared as they are sorted: name a number, a time or a text that grows", f.Name, spelled(&f.Column))
	}
	return f, nil
}

// incrementKey returns the columns by which rows of the same increment value
// are told apart.
func (r *incremental) incrementKey(o *origin, f *sqlkit.TableColumn) []string {
	if o.table != nil {
		for i := range o.table.Indexes {
			if x := &o.table.Indexes[i]; x.Key() && len(x.Columns) == 1 && o.field(x.Columns[0]) == f {
				return []string{f.Name}
			}
		}
	}
	key := o.primary()
	if len(key) == 0 {
		r.log.Warn("there is no unique key: the rows that have the largest value of increColumn are left until there is a larger one", "from", o.String(), "increColumn", f.Name)
		return nil
	}
	names := make([]string, len(key))
	for i, name := range key {
		names[i] = o.field(name).Name
	}
	return names
}

// oneLocation reads startLocation, which may be a list with one element per
// channel.
func oneLocation(text string, channels int) (string, error) {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	if len(parts) != channels {
		return "", config.Fieldf("startLocation", "startLocations is [%s], length = [%d], but the channel is [%d]", text, len(parts), channels)
	}
	if len(slices.Compact(slices.Clone(parts))) > 1 {
		return "", config.Fieldf("startLocation", "the channels begin at different values (%s): here one ordered statement reads for all channels, give it one value", text)
	}
	return parts[0], nil
}

// begin says where the run begins: where the last one ended, or at the job
// file's startLocation if that is another than the last run's.
func (r *incremental) begin(o *origin, f *sqlkit.TableColumn, spec *incrementSpec, last []plugin.Progress) (state cursorState, err error) {
	memory, before, err := r.memory(o.place, last)
	if err != nil {
		return state, err
	}
	if memory != nil {
		ended := ""
		if before.last != nil {
			ended = r.spell(*before.last)
		}
		if spec.Given == "" {
			spec.Given = memory.Given
		}
		if spec.Given == memory.Given || spec.Given == ended {
			if memory.Column != spec.Column || !slices.Equal(memory.Key, spec.Key) {
				return state, errclass.With(errclass.PositionLost, fmt.Errorf("the last run of this job read %s by (%s), this one reads it by (%s): begin anew with -fresh or with another startLocation, or give this job another -jobName",
					o, memory.by(), spec.by()))
			}
			if spec.Start = ended; ended == "" {
				spec.Start = memory.Start
			}
			return before, nil
		}
		r.log.Warn("startLocation is another than that of the last run: beginning there, not where the last run ended",
			"startLocation", spec.Given, "lastStartLocation", memory.Given, "lastEnd", ended)
	}
	spec.Start = spec.Given
	if spec.Given == "" {
		return state, nil
	}
	v, err := parseLocation(spec.Given, f, r.zone)
	if err != nil {
		return state, errclass.With(errclass.Config, errorAt("startLocation", "%w", err))
	}
	state.bound = bound{fromAbove, []sqlkit.Value{v}}
	if r.cfg.UseMaxFunc {
		state.bound.op = fromValue
	}
	return state, nil
}

func (s *incrementSpec) by() string { return strings.Join(append([]string{s.Column}, s.Key...), ", ") }

// memory finds what the last run has left of a place; nil: nothing.
func (r *incremental) memory(at place, last []plugin.Progress) (*incrementSpec, cursorState, error) {
	spec, position, err := r.left(at, last)
	if spec == nil || err != nil {
		return nil, cursorState{}, err
	}
	state, err := parseCursor(position)
	return spec, state, err
}

// left is the split that the last run read a place by, and where that ended;
// nil: there is none.
func (r *incremental) left(at place, last []plugin.Progress) (*incrementSpec, []byte, error) {
	for i := range last {
		spec, err := parseIncrement(&last[i].Split)
		if err != nil {
			return nil, nil, err
		}
		position := last[i].Position
		if position == nil {
			position = spec.Begin
		}
		if spec.place() == at && position != nil {
			return spec, position, nil
		}
	}
	return nil, nil, nil
}

// remembers refuses what the last run has left if it read none of the places: it
// was another job.
func (r *incremental) remembers(places []place, last []plugin.Progress) error {
	if len(last) == 0 || r.cfg.StartLocation != "" {
		return nil
	}
	before := ""
	for i := range last {
		spec, err := parseIncrement(&last[i].Split)
		if err != nil {
			return err
		}
		if slices.Contains(places, spec.place()) {
			return nil
		}
		before = spec.place().String()
	}
	return errclass.With(errclass.PositionLost, fmt.Errorf("the last run of this job read %s, this one reads %s: begin anew with -fresh or with a startLocation, or give this job another -jobName", before, places[0]))
}

func (r *incremental) spell(v sqlkit.Value) string { return spellLocation(v, r.zone) }

func (r *incremental) report(spec *incrementSpec) *report {
	return &report{column: spec.Column, start: spec.Start, spell: r.spell}
}

// Resume implements [plugin.Resumer].
func (r *incremental) Resume(_ context.Context, channels int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		if err := r.check(&stored[i], channels); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// Rows implements [plugin.Sizer]: how many rows are new is not known.
func (r *incremental) Rows(context.Context, []plugin.Split) (int64, error) { return 0, nil }

// check checks what is stored of a split. An error that matches
// [plugin.ErrReplan] says that the job begins elsewhere now.
func (r *incremental) check(p *plugin.Progress, channels int) error {
	spec, err := parseIncrement(&p.Split)
	if err != nil {
		return err
	}
	if spec.Connection >= len(r.cfg.Connection) {
		return errclass.With(errclass.PositionLost, fmt.Errorf("split %s is of connection[%d], which the job no longer has: start over with -fresh", p.Split.ID, spec.Connection))
	}
	given, err := oneLocation(r.cfg.StartLocation, channels)
	if err != nil {
		return errclass.With(errclass.Config, err)
	}
	if given != "" && given != spec.Given {
		return fmt.Errorf("startLocation is %q, the unfinished run was started with %q: %w", given, spec.Given, plugin.ErrReplan)
	}
	if p.Position == nil {
		return nil
	}
	if _, err := parseCursor(p.Position); err != nil {
		return fmt.Errorf("resuming split %s: %w", p.Split.ID, err)
	}
	return nil
}
