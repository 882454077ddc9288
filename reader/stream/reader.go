package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Sizer     = (*reader)(nil)
	_ plugin.Lister    = (*reader)(nil)
	_ plugin.Checker   = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "stream",
		Doc:    "Generates rows.",
		Config: func() any { return &Config{} },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			var c Config
			if err := d.Decode(&c); err != nil {
				return nil, err
			}
			r, err := newReader(env, c)
			if err != nil {
				return nil, d.Place(err)
			}
			return r, nil
		},
	}
}

type reader struct {
	config     Config
	schema     *record.Schema
	generators []generator
	seed       uint64
	log        *slog.Logger
}

func newReader(env plugin.Env, c Config) (*reader, error) {
	if env.Dialect == "datax" { // whose dates have a time of day
		for i := range c.Column {
			if strings.EqualFold(c.Column[i].Type, "date") {
				c.Column[i].Type = "datetime"
			}
		}
	}
	r := &reader{config: c, log: env.Log}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.schema, r.generators, err = columns(c.Column, convert.Options{Zone: env.Zone}); err != nil {
		return nil, err
	}
	if c.Seed != nil {
		r.seed = *c.Seed
	} else {
		r.seed = rand.Uint64()
	}
	return r, nil
}

// spec is what a split's rows depend on.
type spec struct {
	V       int    `json:"v"`
	Channel int    `json:"channel"`
	Of      int    `json:"of"`   // channels of the plan: ids are dealt by turns
	Rows    int64  `json:"rows"` // 0: endless
	Seed    uint64 `json:"seed,string"`
}

// position is the number of rows before it.
type position struct {
	V   int    `json:"v"`
	At  string `json:"at"`
	Row int64  `json:"row"`
}

// Splits plans one split per channel.
func (r *reader) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	channels := max(p.Channels, 1)
	splits := make([]plugin.Split, channels)
	for i := range splits {
		rows := r.config.SliceRecordCount.of(i)
		text, err := json.Marshal(spec{V: 1, Channel: i, Of: channels, Rows: rows, Seed: r.seed})
		if err != nil {
			return nil, fmt.Errorf("planning split %d: %w", i, err)
		}
		splits[i] = plugin.Split{ID: strconv.Itoa(i), Spec: text, Endless: rows == 0}
	}
	return splits, nil
}

// Resume takes stored positions as they are. Endless splits need their
// channels again.
func (r *reader) Resume(_ context.Context, channels int, stored []plugin.Progress) ([]plugin.Progress, error) {
	endless := 0
	for _, p := range stored {
		if _, _, err := parse(p); err != nil {
			return nil, err
		}
		if p.Split.Endless && !p.Done {
			endless++
		}
	}
	if endless > channels {
		return nil, errclass.With(errclass.Config, fmt.Errorf("resuming %d endless splits in %d channels: set speed.channel to at least %d, or start afresh", endless, channels, endless))
	}
	return stored, nil
}

// Rows implements [plugin.Sizer].
func (r *reader) Rows(_ context.Context, splits []plugin.Split) (total int64, err error) {
	for _, split := range splits {
		s, _, err := parse(plugin.Progress{Split: split})
		if err != nil || s.Rows == 0 {
			return 0, err
		}
		total += s.Rows
	}
	return total, nil
}

// Check implements [plugin.Checker]. A channel that the list does not reach has no
// end, as in FlinkX: that is allowed, but hardly ever meant.
func (r *reader) Check(c plugin.Channels) error {
	if n := len(r.config.SliceRecordCount.each); n > 0 && n < c.Readers {
		r.log.Warn("channels without an entry in sliceRecordCount never end, as in FlinkX: give an entry for each, or a plain number for all",
			"entries", n, "channels", c.Readers)
	}
	return nil
}

// Columns implements [plugin.Lister].
func (r *reader) Columns() []string {
	names := make([]string, len(r.config.Column))
	for i := range names {
		names[i] = r.config.Column[i].Name
	}
	return names
}

// Describe returns the schema of all rows.
func (r *reader) Describe(context.Context) ([]*record.Schema, error) {
	return []*record.Schema{r.schema}, nil
}

// Open begins a split at a row.
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, at, err := parse(from)
	if err != nil {
		return nil, err
	}
	return newSource(r, s, at), nil
}

// Close has nothing to end.
func (r *reader) Close() error { return nil }

func parse(p plugin.Progress) (s spec, row int64, err error) {
	if err := strict(p.Split.Spec, &s); err != nil || s.V != 1 || s.Of < 1 || s.Channel < 0 || s.Channel >= s.Of || s.Rows < 0 {
		return s, 0, lost("split %q is none of the stream reader: start afresh", p.Split.ID)
	}
	if p.Position == nil {
		return s, 0, nil
	}
	var pos position
	if err := strict(p.Position, &pos); err != nil || pos.V != 1 || pos.Row < 0 || s.Rows > 0 && pos.Row > s.Rows {
		return s, 0, lost("position of split %q is none of the stream reader: start afresh", p.Split.ID)
	}
	return s, pos.Row, nil
}

func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, fmt.Errorf(format, args...))
}
