package mssqlkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

func TestEstimate(t *testing.T) {
	plan := tdspeer.Result{Columns: columnsOf("plan nvarchar(max)"), Rows: [][]any{{`<ShowPlanXML><StmtSimple StatementEstRows="1234.56" StatementId="1"/></ShowPlanXML>`}}}
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		switch {
		case q.SQL == "SELECT 1":
			return tdspeer.Reply{Results: []tdspeer.Result{plan}}
		case q.SQL == "SELECT 2":
			return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 262, Message: "SHOWPLAN permission denied in database 'shop'."}}}
		}
		return tdspeer.Reply{}
	})
	c := dial(t, peer)
	for sql, want := range map[string]int64{"SELECT 1": 1234, "SELECT 2": 0, "SELECT 3": 0} {
		peer.Forget()
		if n, err := c.Estimate(t.Context(), sql); n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", sql, n, err, want)
		}
		if got := strings.Join(peer.Log(), "|"); got != "SET SHOWPLAN_XML ON|"+sql+"|SET SHOWPLAN_XML OFF" {
			t.Errorf("sent %s", got)
		}
	}
}

func TestOldestWrite(t *testing.T) {
	var row []any
	var fault []tdspeer.Error
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		if strings.Contains(q.SQL, "dm_tran_active_transactions") {
			return tdspeer.Reply{Results: []tdspeer.Result{{Columns: columnsOf("began datetime", "local datetime", "utc datetime2(7)"), Rows: [][]any{row}}}, Errors: fault}
		}
		return tdspeer.Reply{}
	})
	c := dial(t, peer)
	row = []any{utc(2024, 1, 1, 11, 59, 0, 0), utc(2024, 1, 1, 12, 0, 0, 0), utc(2024, 1, 1, 10, 0, 0, 100)} // the server is two hours ahead
	began, now, err := c.OldestWrite(t.Context())
	if want := utc(2024, 1, 1, 10, 0, 0, 100); err != nil || !now.Equal(want) || !began.Equal(want.Add(-time.Minute)) {
		t.Errorf("began %v, now %v, %v", began, now, err)
	}
	row[0] = nil
	if began, now, err = c.OldestWrite(t.Context()); err != nil || !began.IsZero() || now.IsZero() {
		t.Errorf("nobody writes: began %v, now %v, %v", began, now, err)
	}
	fault = []tdspeer.Error{{Number: 300, Message: "VIEW SERVER STATE permission was denied"}}
	if _, _, err = c.OldestWrite(t.Context()); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "grant VIEW SERVER STATE") {
		t.Errorf("without the permission: %s: %v", errclass.Of(err), err)
	}
}

func TestVersions(t *testing.T) {
	peer := tdspeer.Start(t, answers(map[string]tdspeer.Result{"SELECT snapshot_isolation_state": {Columns: columnsOf("a tinyint", "b bit"), Rows: [][]any{{1, true}}}}))
	if v, err := dial(t, peer).Versions(t.Context()); err != nil || !v.Snapshot || !v.ReadCommitted {
		t.Errorf("%+v, %v", v, err)
	}
}
