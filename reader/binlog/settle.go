package binlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
)

// committing are the states of sessions whose transaction is in the log and may
// not be visible yet: MySQL's group commit, and its wait for a replica's word
// (rpl_semi_sync, AFTER_SYNC).
const committing = `SELECT id AS id FROM information_schema.processlist WHERE state IN
 ('waiting for handler commit', 'Waiting for semi-sync ACK from slave', 'Waiting for semi-sync ACK from replica')`

// settleEvery is how often the server is asked whether sessions go on.
const settleEvery = 5 * time.Millisecond

// before returns a place of the log of which every change before it is visible
// to a SELECT begun afterwards.
//
// gtid_executed gets a transaction after the engine has committed it. Without
// GTIDs the log's end may be ahead of that, and is waited for.
func (s *server) before(ctx context.Context) (*Position, error) {
	if s.flavor == flavorMySQL && s.gtids {
		r, err := s.conn.Query(ctx, "SELECT @@GLOBAL.gtid_executed AS gtids")
		if err != nil || len(r.Rows) != 1 {
			return nil, fmt.Errorf("asking for gtid_executed: %w", err)
		}
		return &Position{Flavor: s.flavor, Server: s.id, ByGTID: true, GTIDs: oneLine(r.Column(0, "gtids"))}, nil
	}
	end, err := s.end(ctx)
	if err != nil {
		return nil, err
	}
	return end, s.settle(ctx)
}

// settle waits until each transaction that the log has by now is visible. With
// GTIDs, and with MariaDB's consistent snapshots, there is no need to.
func (s *server) settle(ctx context.Context) error {
	if s.gtids {
		return nil
	}
	if err := s.seesOthers(ctx); err != nil {
		return err
	}
	waiting, err := s.committing(ctx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now, err := s.committing(ctx)
		if err != nil {
			return err
		}
		for id := range waiting {
			if !now[id] {
				delete(waiting, id)
			}
		}
		if len(waiting) == 0 {
			return nil
		}
	}
}

func (s *server) committing(ctx context.Context) (map[string]bool, error) {
	r, err := s.conn.Query(ctx, committing)
	if err != nil {
		return nil, fmt.Errorf("asking for sessions that commit: %w", err)
	}
	ids := map[string]bool{}
	for i := range r.Rows {
		ids[r.Column(i, "id")] = true
	}
	return ids, nil
}

// seesOthers refuses a server whose transactions may be in the log long before
// they are visible, where the user may not see them wait.
func (s *server) seesOthers(ctx context.Context) error {
	r, err := s.conn.Query(ctx, "SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%'")
	if err != nil {
		return fmt.Errorf("asking for semi-synchronous replication: %w", err)
	}
	on, afterSync := false, false
	for i := range r.Rows {
		switch name, value := strings.ToLower(r.Column(i, "Variable_name")), r.Column(i, "Value"); name {
		case "rpl_semi_sync_master_enabled", "rpl_semi_sync_source_enabled":
			on = on || strings.EqualFold(value, "ON")
		case "rpl_semi_sync_master_wait_point", "rpl_semi_sync_source_wait_point":
			afterSync = afterSync || strings.EqualFold(value, "AFTER_SYNC")
		}
	}
	if !on || !afterSync {
		return nil
	}
	if r, err = s.conn.Query(ctx, "SELECT 1 AS may FROM information_schema.user_privileges WHERE privilege_type IN ('PROCESS', 'SUPER') LIMIT 1"); err != nil {
		return fmt.Errorf("asking for the user's privileges: %w", err)
	}
	if len(r.Rows) == 0 {
		return errclass.With(errclass.Config, errors.New("the server has no GTIDs and waits for its replicas before transactions become visible (rpl_semi_sync, AFTER_SYNC): GRANT PROCESS ON *.* to the user, who has to see them wait"))
	}
	return nil
}
