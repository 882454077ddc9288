package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// raceOptions keep a program with the race detector in it from waiting for a
// second before it ends, as the hundreds that the tests start would. Races are
// told when they are met, and what is under way at the end has a moment for it.
const raceOptions = "atexit_sleep_ms=20"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"datasync": func() { os.Exit(start()) }})
}
