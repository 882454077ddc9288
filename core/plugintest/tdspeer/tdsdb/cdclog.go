package tdsdb

import (
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

// harvest is how far the capture job is. It reads the log when it is asked
// about, unless it lags.
type harvest struct {
	every   int    // it reads the log at each so manieth question how far it is; 0: a commit is captured at once
	asked   int    // questions since
	newest  []byte // the commit that was captured last; nil: none
	session int64  // of the last reading that has found something, or of the first of those that have not
	empty   int64  // how many have found nothing since
	grouped bool   // the database is in an availability group
	delayed int64  // delayed_durability
	hidden  bool   // the login may not see any of this
}

// Lag has the capture job read the log only at each nth question how far it is.
func (d *Database) Lag(nth int) {
	d.t.Helper()
	newest := d.lastCommit()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.harvest.every, d.cdc.harvest.newest = nth, newest
}

// Group puts the database into an availability group.
func (d *Database) Group() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.harvest.grouped = true
}

// Delay has transactions be seen before they are in the log.
func (d *Database) Delay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.harvest.delayed = 1
}

// HideState takes the permission VIEW DATABASE STATE away.
func (d *Database) HideState() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.harvest.hidden = true
}

// lastCommit is the newest commit of captured tables; nil: there is none.
func (d *Database) lastCommit() (lsn []byte) {
	d.t.Helper()
	if err := d.db.QueryRowContext(background, "SELECT max(start_lsn) FROM cdc_lsn_time_mapping").Scan(&lsn); err != nil {
		d.t.Error(err)
	}
	return lsn
}

// scan is a reading of the log.
func (d *Database) scan() {
	newest := d.lastCommit()
	d.mu.Lock()
	defer d.mu.Unlock()
	h := &d.cdc.harvest
	switch {
	case string(newest) > string(h.newest):
		h.newest, h.empty = newest, 0
		h.session++
	case h.empty == 0:
		h.empty = 1
		h.session++
	default:
		h.empty++
	}
}

// question counts a question how far the capture job is.
func (d *Database) question() {
	d.mu.Lock()
	h := &d.cdc.harvest
	h.asked++
	due := h.every > 0 && h.asked%h.every == 0
	d.mu.Unlock()
	if due {
		d.scan()
	}
}

// logged answers what is asked of the log and of the capture job.
func (d *Database) logged(sql string) (tdspeer.Reply, bool) {
	d.mu.Lock()
	h := d.cdc.harvest
	d.mu.Unlock()
	if h.hidden {
		return refused(262, "VIEW DATABASE STATE permission denied in database 'shop'.")
	}
	switch {
	case strings.Contains(sql, "sys.dm_db_log_stats"):
		var group any
		if h.grouped {
			group = "00112233-4455-6677-8899-aabbccddeeff"
		}
		end := d.hex("SELECT printf('00000032:%08x:0002', n - 1) FROM cdc_clock")
		return result(columnsOf("log_end_lsn nvarchar(24)", "clock datetime2(7)", "delayed_durability int", "replica_id uniqueidentifier"),
			[]any{end, time.Now().UTC(), h.delayed, group})
	case strings.Contains(sql, "sys.dm_cdc_log_scan_sessions"):
		if h.every == 0 {
			d.scan()
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.cdc.harvest.session == 0 {
			return result(columnsOf("session_id int", "empty_scan_count int"))
		}
		return result(columnsOf("session_id int", "empty_scan_count int"), []any{d.cdc.harvest.session, d.cdc.harvest.empty})
	}
	return result(columnsOf("transaction_id bigint")) // none is being committed
}
