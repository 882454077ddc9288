package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
)

// shapes make large job files of n parts, each hard for something else.
var shapes = map[string]func(n int) string{
	"columns": func(n int) string {
		return parameter(`"column": [` + strings.Repeat(`{"name": "id", "type": "bigint"},`, n) + `]`)
	},
	"line":         func(n int) string { return parameter(`"where": "` + strings.Repeat("id = 1 or ", n) + `1 = 1"`) },
	"lines":        func(n int) string { return parameter(`"where": "` + strings.Repeat("id = 1 or\n", n) + `1 = 1"`) },
	"placeholders": func(n int) string { return parameter(`"where": "` + strings.Repeat("${bizdate-1d}", n) + `"`) },
	"unresolved":   func(n int) string { return parameter(`"where": "` + strings.Repeat("${nobody}", n) + `"`) },
	"openings":     func(n int) string { return strings.Repeat(`${file:`, n) },
	"deep":         func(n int) string { return strings.Repeat(`{"job":`, min(n, 9000)) + strings.Repeat(" ", 7*n) },
	"escapes":      func(n int) string { return parameter(`"where": "` + strings.Repeat(`\\\"`, n) + `"`) },
	"comments":     func(n int) string { return strings.Repeat("/* x */ // y\n", n) + parameter("") },
	"broken":       func(n int) string { return parameter(`"column": [` + strings.Repeat(`"id",`, n) + `:]`) },
	"twice":        func(n int) string { return numbered(n, `"k%d": 1, "k%[1]d": 2,`) },
	"unknown":      func(n int) string { return `{` + numbered(n, `"key_%d": 1,`) + `"job": {}}` },
	"secrets":      func(n int) string { return parameter(numbered(n, `"k%d": "jdbc:x://u:p%[1]d@h/d?password=s%[1]d",`)) },
}

func parameter(text string) string {
	return strings.Replace(minimal, `"parameter": {}`, `"parameter": {`+text+`}`, 1)
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// parts is how many parts the smaller of two files has.
const parts = 200

// TestWorkGrowsWithTheFile counts what is allocated for a file and for one eight
// times as large: no more than eight times, and a little for tables that grow and
// pools that the race detector empties. What it takes in time is for
// BenchmarkParse, whose MB/s are the same for both.
func TestWorkGrowsWithTheFile(t *testing.T) {
	count := func(text string) float64 {
		data := []byte(text)
		return testing.AllocsPerRun(2, func() {
			if j, _ := job.Parse(data, job.Options{}); j != nil {
				_ = j.Masked()
				_ = j.Scrubber()
			}
		})
	}
	for name, make := range shapes {
		small, large := count(make(parts)), count(make(8*parts))
		if large > 9*small+300 {
			t.Errorf("%s: %.0f allocations, and %.0f for a file eight times as large", name, small, large)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, make := range shapes {
		for _, size := range []int{64 << 10, 1 << 20} {
			n := size * parts / len(make(parts))
			data := []byte(make(n))
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if j, _ := job.Parse(data, job.Options{}); j != nil {
						_ = j.Scrubber()
					}
				}
			})
		}
	}
}
