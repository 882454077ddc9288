package sqlread_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// ticker is a clock that stands still until it is told to go on.
type ticker struct {
	mu   sync.Mutex
	now  time.Time
	idle chan time.Time // somebody waits until then
	wake chan struct{}
}

func newTicker() *ticker {
	return &ticker{now: time.Unix(1_700_000_000, 0), idle: make(chan time.Time), wake: make(chan struct{})}
}

func (c *ticker) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *ticker) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *ticker) Wait(ctx context.Context, t time.Time) error {
	for c.Now().Before(t) {
		select {
		case c.idle <- t:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// transactions stands for the question for open transactions.
const transactions = "(open transactions)"

// watched is a driver whose statements are noted, and whose clock is the test's.
type watched struct {
	sqlread.Driver
	clock *ticker

	mu    sync.Mutex
	sql   []string
	began time.Time // of the oldest transaction, by the test's clock
	deny  error
}

func (w *watched) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	s, err := w.Driver.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	return &watchedSession{s, w}, nil
}

// setBegan says when the transaction that is open began, by the test's clock.
func (w *watched) setBegan(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = at
}

func (w *watched) note(sql string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sql = append(w.sql, sql)
}

// statements returns what was run since the last call, on the table and on the
// list of transactions.
func (w *watched) statements() (onTable []string, onList int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sql := range w.sql {
		if sql == transactions {
			onList++
		} else {
			onTable = append(onTable, sql)
		}
	}
	w.sql = nil
	return onTable, onList
}

// OldestWrite asks the system whether there is a writer, and says by the
// test's clock when it began.
func (w *watched) OldestWrite(ctx context.Context, s sqlread.Session) (began, now time.Time, err error) {
	w.note(transactions)
	began, _, err = w.Driver.(sqlread.Watermarker).OldestWrite(ctx, s.(*watchedSession).Session)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deny != nil {
		return began, now, w.deny
	}
	if !began.IsZero() {
		began = w.began
	}
	return began, w.clock.Now(), err
}

type watchedSession struct {
	sqlread.Session
	w *watched
}

func (s *watchedSession) First(ctx context.Context, sql string) ([]*string, error) {
	s.w.note(sql)
	return s.Session.First(ctx, sql)
}

func (s *watchedSession) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	s.w.note(sql)
	return s.Session.Prepare(ctx, sql)
}

// unwatched has no Watermarker.
type unwatched struct{ sqlread.Driver }

// poller drives a source that polls, and is a destination with transactions.
type poller struct {
	t        *testing.T
	info     plugin.ReaderInfo
	job      string
	clock    *ticker
	driver   *watched
	log      strings.Builder
	bare     bool // the database cannot be asked for transactions
	progress plugin.Progress
	stop     func()
	batches  chan []string // the rows of a batch, spelled
	waiting  bool
	begin    func() // begins to fill; nil: it has been called
	failed   chan error
}

func newPoller(t *testing.T, info plugin.ReaderInfo, job string) *poller {
	p := &poller{t: t, info: info, job: job}
	t.Cleanup(func() {
		if p.stop != nil {
			p.stop()
		}
	})
	return p
}

func (p *poller) reader() plugin.Reader {
	p.clock = newTicker()
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	env := plugintest.Env()
	env.Log, env.Zone = log, time.UTC
	r, err := plugintest.BuildReader(env, p.info, p.job)
	if err != nil {
		p.t.Fatal(err)
	}
	sqlread.SetClock(r, p.clock.Now, p.clock.Wait)
	sqlread.WrapDriver(r, func(d sqlread.Driver) sqlread.Driver {
		p.driver = &watched{Driver: d, clock: p.clock}
		if p.bare {
			return unwatched{p.driver}
		}
		return p.driver
	})
	return r
}

// start plans a run, or goes on with the one that was stopped.
func (p *poller) start() {
	p.t.Helper()
	r := p.reader()
	if p.progress.Split.ID == "" {
		splits, err := plugintest.Plan(p.t.Context(), r, plugin.Plan{Channels: 1})
		if err != nil {
			p.t.Fatal(err)
		}
		if len(splits) != 1 || !splits[0].Endless || !splits[0].Remembers {
			p.t.Fatalf("splits %+v", splits)
		}
		p.progress.Split = splits[0]
	} else if _, err := r.(plugin.Resumer).Resume(p.t.Context(), 1, []plugin.Progress{p.progress}); err != nil {
		p.t.Fatal(err)
	}
	s, err := r.Open(p.t.Context(), p.progress)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.batches = make(chan []string)
	p.waiting = false
	failed := make(chan error, 1)
	p.failed = failed
	p.begin = func() { go func() { failed <- p.fill(ctx, s) }() }
	p.stop = func() {
		cancel()
		if p.begin == nil {
			<-p.failed
		}
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
		if err := r.Close(); err != nil {
			p.t.Error(err)
		}
		p.stop = nil
	}
}

func (p *poller) fill(ctx context.Context, s plugin.Source) error {
	b := record.NewBatch(0, 0)
	var pending []string
	for {
		b.Reset(p.progress.Split.ID)
		if err := s.Fill(ctx, b); err != nil {
			return err
		}
		for i := range b.Len() {
			pending = append(pending, strings.Join(plugintest.Texts(b.Row(i)), " "))
		}
		for _, m := range b.Marks() {
			p.progress.Position = m.Position
			select {
			case p.batches <- pending:
			case <-ctx.Done():
				return ctx.Err()
			}
			pending = nil
		}
	}
}

// poll lets the reader poll until it waits, and returns the rows. Between polls
// ten seconds pass.
func (p *poller) poll() []string {
	p.t.Helper()
	rows := []string{}
	p.clock.advance(10 * time.Second)
	if p.begin != nil {
		p.begin()
		p.begin = nil
	} else if p.waiting {
		p.clock.wake <- struct{}{}
	}
	p.waiting = false
	for {
		select {
		case batch := <-p.batches:
			rows = append(rows, batch...)
		case <-p.clock.idle:
			p.waiting = true
			return rows
		case err := <-p.failed:
			p.t.Fatalf("polling: %v", err)
		case <-time.After(time.Minute):
			p.t.Fatal("the reader neither reads nor waits")
		}
	}
}

func (p *poller) want(rows ...string) {
	p.t.Helper()
	if got := p.poll(); !slices.Equal(got, append([]string{}, rows...)) {
		p.t.Fatalf("polled %q, want %q", got, rows)
	}
}

// restart stops the reader and goes on from the position that is durable.
func (p *poller) restart() {
	p.stop()
	p.start()
}

// member returns a member of the position.
func (p *poller) member(name string) string {
	var m map[string]any
	if err := json.Unmarshal(p.progress.Position, &m); err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprint(m[name])
}
