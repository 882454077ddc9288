package dirty

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Refusal is a row, or input that is no row, and why it cannot be used.
type Refusal struct {
	Time   time.Time
	Row    record.Row // the zero Row if Raw is what there is; borrowed until Put returns
	Raw    []byte     // as read; borrowed
	Column string     // that is at fault; "" if the row as a whole is
	Reason errclass.Reason
	Text   string // what is wrong, masked
	AsRead bool   // a transform has refused the row: it is not as it would be written
}

// HasRow tells a row from input that is no row.
func (r *Refusal) HasRow() bool { return r.Row != record.Row{} }

// Sink keeps dirty rows. A collector calls it from one goroutine at a time.
type Sink interface {
	Put(ctx context.Context, r *Refusal) error
	Flush(ctx context.Context) error // nil: everything put is as durable as the sink makes it
	Close() error                    // after a Flush
}

// Settings are what a collector needs.
type Settings struct {
	Limit    Limit
	Read     func() int64 // rows the job has read so far, those of its checkpoint included
	Restored int64        // dirty rows in the job's checkpoint
	Failures int64        // so many failures of sinks are only logged; negative: any number
	Sinks    []Sink
	Log      *slog.Logger
	Mask     func(string) string // hides the job's secrets in error texts; nil: only what looks like one is hidden
	Now      func() time.Time    // time.Now but in tests
}

// Collector counts dirty rows, keeps them and applies the limit. It may be
// used by any number of goroutines.
type Collector struct {
	settings Settings

	mu       sync.Mutex
	bad      int64
	reasons  map[errclass.Reason]int64
	failures int64
}

// New returns a collector; it owns the sinks from now on.
func New(s Settings) *Collector {
	return &Collector{settings: s, bad: s.Restored, reasons: map[errclass.Reason]int64{}}
}

// Reject keeps a row, or raw if row is the zero Row, and counts it under the
// reason that a *errclass.Value or *errclass.BadRow in why's chain gives. Its error ends the
// job: [ErrLimit], or a sink's.
func (c *Collector) Reject(ctx context.Context, row record.Row, raw []byte, why error) error {
	bad := errclass.AsBadRow(0, why)
	r := &Refusal{
		Time: c.settings.Now(), Row: row, Raw: raw,
		Column: bad.Column, Reason: bad.Reason, Text: c.mask(text(bad.Err)), AsRead: errclass.IsUntransformed(why),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad++
	c.reasons[bad.Reason]++
	for _, s := range c.settings.Sinks {
		if err := c.failed(s.Put(ctx, r)); err != nil {
			return err
		}
	}
	if err := c.settings.Limit.exceeded(c.bad, c.settings.Read(), false); err != nil {
		return errclass.With(errclass.Permanent, fmt.Errorf("%w; the last one: %s", err, describe(r)))
	}
	return nil
}

func (c *Collector) mask(text string) string {
	if c.settings.Mask == nil {
		return config.MaskText(text)
	}
	return c.settings.Mask(text)
}

func text(err error) string {
	if err == nil {
		return "refused without a reason"
	}
	return err.Error()
}

// describe says in one line what was refused and why, without its values.
func describe(r *Refusal) string {
	where := "input that is no row"
	if r.HasRow() {
		where = "a row of " + r.Row.Schema().Name.String()
	}
	if r.Column != "" {
		where += fmt.Sprintf(", column %q", r.Column)
	}
	return fmt.Sprintf("%s: %s (%s)", where, r.Text, r.Reason)
}

// failed counts a failure of a sink and returns it if it is one too many.
func (c *Collector) failed(err error) error {
	if err == nil {
		return nil
	}
	lost, rows := (*Lost)(nil), int64(1)
	if errors.As(err, &lost) {
		rows = lost.Rows
	}
	c.failures += rows
	if c.settings.Failures < 0 || c.failures <= c.settings.Failures {
		c.settings.Log.Warn("dirty rows could not be kept", "rows", rows, "error", err, "failures", c.failures)
		return nil
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("keeping dirty rows: %w", err))
}

// TakeBack uncounts rows that are going to be read again after a failure, so
// that they are not counted twice.
func (c *Collector) TakeBack(rows int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad = max(0, c.bad-rows)
}

// Flush makes everything kept durable.
func (c *Collector) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.settings.Sinks {
		if err := c.failed(s.Flush(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// End applies the limit once more when all rows have been read: the share of
// bad rows counts then however few rows there were.
func (c *Collector) End() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errclass.With(errclass.Permanent, c.settings.Limit.exceeded(c.bad, c.settings.Read(), true))
}

// Rows returns how many dirty rows count against the limit.
func (c *Collector) Rows() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bad
}

// Reasons returns how many rows this process has kept for each reason, rows
// that were taken back included.
func (c *Collector) Reasons() map[errclass.Reason]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[errclass.Reason]int64, len(c.reasons))
	for r, n := range c.reasons {
		all[r] = n
	}
	return all
}

// Failures returns how many dirty rows this process could not keep.
func (c *Collector) Failures() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures
}

// Close flushes and closes the sinks.
func (c *Collector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, s := range c.settings.Sinks {
		errs = append(errs, c.failed(s.Flush(context.Background())), s.Close())
	}
	return errors.Join(errs...)
}
