package main

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestEaseCollector looks, in a process of its own, at what the collector is
// told: ease while little is alive, Go's defaults for more, less for much, and
// nothing where the environment says otherwise.
func TestEaseCollector(t *testing.T) {
	for name, env := range map[string][]string{"eased": nil, "GOGC stands": {"GOGC=50"}, "GOMEMLIMIT stands": {"GOMEMLIMIT=1GiB"}} {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestEaseCollectorChild$")
			child.Env = append(withoutCollector(os.Environ()), append(env, "DATASYNC_TEST_HEAP="+name, "GORACE="+raceOptions)...)
			if out, err := child.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

func withoutCollector(env []string) (rest []string) {
	for _, v := range env {
		if !strings.HasPrefix(v, "GOGC=") && !strings.HasPrefix(v, "GOMEMLIMIT=") {
			rest = append(rest, v)
		}
	}
	return rest
}

func TestEaseCollectorChild(t *testing.T) {
	name := os.Getenv("DATASYNC_TEST_HEAP")
	if name == "" {
		return // the child's part
	}
	percent, limit := collected()
	var c collector
	c.ease(os.LookupEnv)
	if name != "eased" {
		c.spare()
		if p, l := collected(); p != percent || l != limit {
			t.Fatalf("%s: percent %d, limit %d; they were %d and %d", name, p, l, percent, limit)
		}
		return
	}
	if p, l := collected(); p != smallPercent || l != smallMemory {
		t.Fatalf("eased: percent %d, limit %d", p, l)
	}
	alive := make([]byte, 2*smallLive)
	runtime.GC()
	c.check() // as the end of a collection has it called
	if p, l := collected(); p != 100 || l != math.MaxInt64 {
		t.Fatalf("much is alive: percent %d, limit %d", p, l)
	}
	more := make([]byte, largeLive)
	runtime.GC()
	c.check()
	if p, l := collected(); p != largePercent || l != math.MaxInt64 {
		t.Fatalf("very much is alive: percent %d, limit %d", p, l)
	}
	runtime.KeepAlive(alive)
	runtime.KeepAlive(more)
	runtime.GC() // neither is, any longer
	c.check()
	if p, l := collected(); p != smallPercent || l != smallMemory {
		t.Fatalf("little is alive again: percent %d, limit %d", p, l)
	}
	c.spare()
	runtime.GC()
	c.check()
	if p, l := collected(); p != sparingPercent || l != math.MaxInt64 {
		t.Fatalf("spared: percent %d, limit %d", p, l)
	}
}

// collected returns what the collector is told now.
func collected() (percent int, limit int64) {
	percent = debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}
