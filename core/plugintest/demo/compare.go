package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// compare fails unless both folders hold the same lines, each as often, and as
// many as there are rows.
func compare(first, second string, rows int64) error {
	balance := map[string]int{}
	a, err := countLines(first, balance, 1)
	if err != nil {
		return err
	}
	b, err := countLines(second, balance, -1)
	if err != nil {
		return err
	}
	lost, doubled := 0, 0
	for _, n := range balance {
		lost += max(n, 0)
		doubled += max(-n, 0)
	}
	if a != rows || b != rows || lost > 0 || doubled > 0 {
		return fmt.Errorf("the copies differ: %d and %d lines for %d rows, %d missing in the second, %d too many in it", a, b, rows, lost, doubled)
	}
	return nil
}

// countLines adds n to the balance of every line of the files in dir.
func countLines(dir string, balance map[string]int, n int) (lines int64, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return lines, err
		}
		scanner := bufio.NewScanner(f)
		for scanner.Scan() {
			balance[scanner.Text()] += n
			lines++
		}
		err = scanner.Err()
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return lines, fmt.Errorf("reading %s: %w", file, err)
		}
	}
	return lines, nil
}
