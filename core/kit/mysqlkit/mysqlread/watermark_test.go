package mysqlread

import (
	"testing"
	"time"
)

func TestOldestWriting(t *testing.T) {
	const head = "Trx id counter 1560\n" + listHead + "\n"
	for _, tt := range []struct {
		name, status string
		age          time.Duration
		any          bool
	}{
		{"none", head + "---TRANSACTION 421831921834200, not started\n0 lock struct(s)\n", 0, false},
		{"readers", head + "---TRANSACTION 421831921834200, ACTIVE 77 sec\n---TRANSACTION (0x7f2a), ACTIVE 9 sec\n", 0, false},
		{"writers", head + "---TRANSACTION 1558, ACTIVE 3 sec\n1 lock struct(s)\n---TRANSACTION 1550, ACTIVE 12 sec inserting\n---TRANSACTION 9, not started\n", 13 * time.Second, true},
		{"prepared", head + "---TRANSACTION 1558, ACTIVE (PREPARED) 40 sec\n", 41 * time.Second, true},
		{"ending", head + "---TRANSACTION 1558, COMMITTED IN MEMORY\n", longAgo, true},
		{"cut off", head + "... truncated...\n---TRANSACTION 1558, ACTIVE 3 sec\n", longAgo, true},
		{"left out", "FAIL TO OBTAIN LOCK MUTEX, SKIP LOCK INFO PRINTING\n", longAgo, true},
	} {
		if age, found := oldestWriting(tt.status); age != tt.age || found != tt.any {
			t.Errorf("%s: %v, %v, want %v, %v", tt.name, age, found, tt.age, tt.any)
		}
	}
}
