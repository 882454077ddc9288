package binlog

import (
	"encoding/json"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestSemiSync begins a copy while a transaction is in the log and waits for a
// replica's word before it becomes visible (AFTER_SYNC): its row is not lost.
// MariaDB has semi-synchronous replication built in.
func TestSemiSync(t *testing.T) {
	for name, ends := range map[string]string{"before the log is read": "", "amid the log": "log"} {
		t.Run(name, func(t *testing.T) {
			db := servers.StartMariaDB(t).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 0), (2, 0)", "CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO u VALUES (1)",
				"SET GLOBAL rpl_semi_sync_master_timeout = 600000, rpl_semi_sync_master_wait_point = 'AFTER_SYNC', rpl_semi_sync_master_wait_no_slave = ON, rpl_semi_sync_master_enabled = ON")
			waiting := db.Connect(t)
			done := make(chan error, 1)
			go func() {
				_, err := waiting.Execute("UPDATE t SET v = 1 WHERE id = 2")
				done <- err
			}()
			for *db.Query(t, "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'Waiting for semi-sync ACK from slave'")[0][0] == "0" {
				if t.Context().Err() != nil {
					t.Fatal("the transaction does not wait")
				}
			}
			release := func() {
				if v := *db.Query(t, "SELECT v FROM t WHERE id = 2")[0][0]; v != "0" {
					t.Errorf("the transaction was visible: %s", v)
				}
				db.Exec(t, "SET GLOBAL rpl_semi_sync_master_enabled = OFF")
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			job := func(mode string) string {
				text, err := json.Marshal(parameters(db, map[string]any{"start": map[string]any{"mode": mode}}))
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			j := copies.New(t, 1, Info(), job("initial"))
			if ends == "" {
				release()
			}
			for !j.InLog() {
				j.Step(nil)
			}
			if ends != "" {
				release()
			}
			db.Exec(t, "INSERT INTO u VALUES (2)")
			j.Finish("u", "int64 2", copies.New(t, 1, Info(), job("initial-only")).All())
		})
	}
}
