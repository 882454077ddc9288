package pgwal

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestXIDs adds numbers to a set in any order, beside those at its ends.
func TestXIDs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var s xids
		want := map[uint32]bool{}
		base := []uint32{0, 1000, 1<<32 - 60}[rnd.IntN(3)]
		for range rnd.IntN(60) {
			x := base + uint32(rnd.IntN(60))
			s.add(x)
			want[x] = true
		}
		for i := range uint32(64) {
			if x := base + i - 2; s.has(x) != want[x] {
				t.Fatalf("%v has %d: %t, want %t", s, x, s.has(x), want[x])
			}
		}
		for i := 1; i < len(s); i++ {
			if s[i].from <= s[i-1].to+1 {
				t.Fatalf("%v could be fewer intervals", s)
			}
		}
	}
	var one xids
	for x := range uint32(100_000) {
		one.add(x * 2)
	}
	for x := range uint32(100_000) {
		one.add(x*2 + 1)
	}
	if len(one) != 1 {
		t.Errorf("%d intervals, want one", len(one))
	}
}

// TestSpool keeps several transactions at once, in blocks, with subtransactions
// that are rolled back and records larger than what is read at once.
func TestSpool(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "transactions")
	s, err := newSpool(folder)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	want := map[uint32][]string{}
	for n := range 300 {
		id := uint32(10 * (1 + rnd.IntN(3)))
		must(s.begin(id))
		for range rnd.IntN(20) {
			sub := id + uint32(rnd.IntN(3))
			body := strings.Repeat("x", rnd.IntN(40))
			if rnd.IntN(400) == 0 {
				body = strings.Repeat("y", spoolRead+spoolMemory)
			}
			must(s.put(sub, 'I', pgkit.LSN(n), []byte(body)))
			if sub != id+1 {
				want[id] = append(want[id], fmt.Sprintf("I %d %s", n, body))
			}
		}
		must(s.end())
	}
	for _, id := range []uint32{10, 20, 30} {
		must(s.undo(id, id+1))
	}
	must(s.undo(99, 99))
	must(s.undo(20, 20))
	must(s.begin(40))
	must(s.end())
	want[20], want[40] = nil, nil
	for _, id := range []uint32{30, 10, 40} {
		must(s.giveBack(id))
		var got []string
		for {
			c, more, err := s.next()
			must(err)
			if !more {
				break
			}
			got = append(got, fmt.Sprintf("%c %d %s", c.Data[0], c.At, c.Data[1:]))
		}
		same(t, fmt.Sprint("transaction ", id), got, want[id])
	}
	for _, id := range []uint32{10, 20, 30, 40} {
		if err := s.giveBack(id); errclass.Of(err) != errclass.Permanent {
			t.Errorf("transaction %d was given back again: %v", id, err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	must(s.begin(50))
	must(s.put(50, 'I', 1, []byte("z")))
	must(s.close())
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

// TestSpoolIsCutShort gives a transaction back whose file ends within a record.
func TestSpoolIsCutShort(t *testing.T) {
	s, err := newSpool(filepath.Join(t.TempDir(), "transactions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.begin(5), s.put(5, 'I', 1, []byte("abc")), s.end(), os.Truncate(s.path(s.kept[5]), spoolHeader+1), s.giveBack(5)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.next(); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "transaction 5") {
		t.Errorf("it ends with %v", err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// streaming is an open stream with transactions that have not ended, which its
// end is called for, and its folder.
func streaming(t *testing.T, db servers.PostgreSQLDatabase, on bool, left ...string) (s plugin.Source, end func(), p *replayer, folder string) {
	t.Helper()
	db.Exec(t, "ALTER DATABASE "+db.Name+" SET logical_decoding_work_mem = '64kB'")
	p = newReplayer(t, parameters(t, db, map[string]any{"streaming": on}))
	folder = filepath.Join(p.reader.(*reader).env.Folder, "transactions")
	for _, name := range left {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := p.reader.Open(t.Context(), p.at)
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		end()
		if err := p.reader.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder is left: %v", err)
		}
	})
	return s, end, p, folder
}

// TestLeftOvers opens a stream where a killed process has left files, with
// streaming and after it was taken out of the job.
func TestLeftOvers(t *testing.T) {
	for _, on := range []bool{true, false} {
		db := prepared(t, "CREATE TABLE a (id int, t text)")
		_, _, _, folder := streaming(t, db, on, "745", "746")
		if left, err := os.ReadDir(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("files are left: %v, %v", left, err)
		}
	}
}

// TestDiskFull streams a transaction onto a device that is full: the error says
// what to do, and another stream begins where this one has.
func TestDiskFull(t *testing.T) {
	const full = "/dev/full"
	db := prepared(t, "CREATE TABLE a (id int, t text)")
	s, end, p, folder := streaming(t, db, true)
	c := session{t, db.Connect(t)}
	c.exec("BEGIN")
	r, err := c.c.Exec(t.Context(), "SELECT txid_current()").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.Symlink(full, filepath.Join(folder, string(r[0].Rows[0][0])))); err != nil {
		t.Fatal(err)
	}
	c.exec("INSERT INTO a SELECT g, repeat('x', 200) FROM generate_series(1, 3000) g")
	for err == nil {
		err = p.follow(s, rand.New(rand.NewPCG(1, 1)), 0, "the end")
	}
	if errclass.Of(err) != errclass.Permanent || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a full disk gave %v", err)
	}
	end()
	c.exec("COMMIT")
	db.Exec(t, "INSERT INTO a VALUES (0, 'the end')")
	p.until(rand.New(rand.NewPCG(1, 1)), 0, "the end")
	if len(p.events) != 3001 {
		t.Errorf("%d rows, want 3001", len(p.events))
	}
}

// TestStreamingNeedsAFolder builds a reader where there is none.
func TestStreamingNeedsAFolder(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int, t text)")
	r, err := plugintest.BuildReader(plugintest.Env(), Info(), parameters(t, db, map[string]any{"streaming": true}))
	if err != nil {
		t.Fatal(err)
	}
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]}); errclass.Of(err) != errclass.Config {
		t.Errorf("opening gave %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	old := pgkit.Server{Version: "13.1", Number: 130001}
	if err := (&Config{Streaming: true}).checkStreaming(old); errclass.Of(err) != errclass.Config {
		t.Errorf("PostgreSQL 13 gave %v", err)
	}
}
