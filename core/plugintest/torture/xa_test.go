package torture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// decision is how an XA transaction that is prepared is to end.
type decision struct {
	id       string
	rollback bool
}

func (d *decision) sql() string {
	if d.rollback {
		return "XA ROLLBACK '" + d.id + "'"
	}
	return "XA COMMIT '" + d.id + "'"
}

// doXA runs one transaction in two phases.
func (w *writer) doXA(x transaction) error {
	d := &decision{x.xa, x.rollback}
	if err := w.session.exec("XA START '" + x.xa + "'"); err != nil {
		return err
	}
	for _, sql := range x.statements {
		if err := w.session.exec(sql); err != nil {
			w.leave() // what is not prepared is undone
			return err
		}
	}
	if err := w.session.exec("XA END '" + x.xa + "'"); err != nil {
		w.leave()
		return err
	}
	w.open = d
	for _, sql := range []string{"XA PREPARE '" + x.xa + "'", d.sql()} {
		if err := w.session.exec(sql); err != nil {
			w.leave()
			return err
		}
	}
	w.open = nil
	if x.rollback {
		w.tally.rollbacks.Add(1)
	}
	w.tally.committed()
	return nil
}

// decide ends the transaction that a broken session has left, if it was
// prepared: its locks outlive the session and the server.
func (w *writer) decide(ctx context.Context) error {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for w.open != nil {
		rows, err := w.session.query("XA RECOVER")
		if err != nil {
			return err
		}
		there := false
		for _, r := range rows {
			there = there || r[3] != nil && *r[3] == w.open.id
		}
		if !there || w.session.exec(w.open.sql()) == nil {
			w.events.detail("writer %d: %s, there: %v", w.number, w.open.sql(), there)
			w.open = nil
			return nil
		}
		select { // the session before has not noticed yet that it is over
		case <-look.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("transaction %s is still prepared", w.open.id), ctx.Err())
		}
	}
	return nil
}
