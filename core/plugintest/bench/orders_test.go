package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestOrdersAreTheSameEveryTime(t *testing.T) {
	const rows = 2000
	var files [2][]byte
	for i := range files {
		path := filepath.Join(t.TempDir(), "orders.tsv")
		if err := writeOrders(t.Context(), path, rows); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two files differ")
	}
	lines := bytes.Split(bytes.TrimSuffix(files[0], []byte("\n")), []byte("\n"))
	if len(lines) != rows {
		t.Fatalf("%d lines, want %d", len(lines), rows)
	}
	for _, l := range lines {
		if n := bytes.Count(l, []byte("\t")); n != 9 {
			t.Fatalf("%d tabs in %q, want 9", n, l)
		}
	}
	if mean := len(files[0]) / rows; mean < 90 || mean > 110 {
		t.Errorf("rows have %d bytes, want about 100", mean)
	}
}

func TestProducerRate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	const text = `499852 records sent, 99970.4 records/sec (19.33 MB/sec), 350.2 ms avg latency, 1000.0 ms max latency.
2000000 records sent, 303720.9 records/sec (58.73 MB/sec), 320.11 ms avg latency, 1200.00 ms max latency, 310 ms 50th, 500 ms 95th, 700 ms 99th, 900 ms 99.9th.
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := producerRate(file); err != nil || got != 303720.9 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("killed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := producerRate(file); err == nil {
		t.Error("no summary is no error")
	}
}
