package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestConsumerRate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	text := "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n" +
		"2026-11-21 10:00:00:000, 2026-11-21 10:00:01:500, 126.8387, 84.5591, 1000000, 666666.6667, 300, 1200, 105.6989, 833333.3333\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := consumerRate(file); err != nil || got != 833333.3333 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("WARN nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := consumerRate(file); err == nil {
		t.Error("a file without figures has a rate")
	}
}
