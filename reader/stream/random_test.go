package stream

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest"
)

// TestRandom generates values between two ends, as DataX's random has them, up
// to both.
func TestRandom(t *testing.T) {
	for column, want := range map[string]string{
		`{"type": "long", "random": "-2, 2"}`:                                              "-2|-1|0|1|2",
		`{"type": "LONG", "random": "7,7"}`:                                                "7",
		`{"type": "bool", "random": "0, 10"}`:                                              "true",
		`{"type": "bool", "random": "3, 1"}`:                                               "false|true",
		`{"type": "date", "random": "2024-02-28, 2024-03-01"}`:                             "2024-02-28|2024-02-29|2024-03-01",
		`{"type": "date", "random": "28/02/2024, 28/02/2024", "dateFormat": "dd/MM/yyyy"}`: "2024-02-28",
		`{"type": "datetime", "random": "2024-02-28 00:00:00, 2024-02-28 00:00:01"}`:       "2024-02-28 00:00:00|2024-02-28 00:00:01",
		`{"type": "timestamp", "random": "2024-02-28 00:00:00,2024-02-28 00:00:00"}`:       "2024-02-28 00:00:00Z",
		`{"type": "double", "random": "1.5, 1.5"}`:                                         "1.5",
		`{"type": "float", "random": "2, 2"}`:                                              "2",
		`{"type": "string", "random": "0, 0"}`:                                             "",
		`{"type": "long", "random": "1"}`:                                                  `! random: expected two values with a comma between them, found "1"`,
		`{"type": "long", "random": "2, 1"}`:                                               "! random: 2 is more than 1",
		`{"type": "long", "random": "a, 1"}`:                                               "! expected two whole numbers",
		`{"type": "bool", "random": "0, 0"}`:                                               "! how often false and true",
		`{"type": "double", "random": "2, 1"}`:                                             "! the smaller first",
		`{"type": "string", "random": "-1, 3"}`:                                            "! expected lengths",
		`{"type": "uuid", "random": "1, 3"}`:                                               "! a column of type uuid has none",
		`{"type": "date", "random": "2024-03-01, 2024-02-28"}`:                             "! is later than",
		`{"type": "date", "random": "soon, 2024-02-28"}`:                                   "! random: ",
	} {
		parameters := fmt.Sprintf(`{"column": [%s], "sliceRecordCount": 200, "seed": 5}`, column)
		r, err := plugintest.BuildReader(plugintest.Env(), Info(), parameters)
		if part, bad := strings.CutPrefix(want, "! "); bad || err != nil {
			if !strings.Contains(fmt.Sprint(err), part) || err == nil {
				t.Errorf("%s: %v, want %s", column, err, part)
			}
			continue
		}
		readings, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{Cells: plugintest.Texts})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, row := range readings[0].Rows {
			seen[row[0]] = true
		}
		got := slices.Sorted(maps.Keys(seen))
		values := strings.Split(want, "|")
		if slices.Sort(values); !slices.Equal(got, values) {
			t.Errorf("%s gave %q, want %q", column, got, values)
		}
	}
}

// TestRandomLengths generates texts and bytes of every length that is asked for.
func TestRandomLengths(t *testing.T) {
	r := plugintest.NewReader(t, Info(), `{"column": [{"type": "string", "random": "2, 4"}, {"type": "bytes", "random": "1, 3"}], "sliceRecordCount": "500", "seed": 1}`)
	readings, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{Cells: plugintest.Texts})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range readings[0].Rows {
		seen[fmt.Sprintf("text %d", len(row[0]))] = true
		seen[fmt.Sprintf("bytes %d", len(row[1]))] = true
	}
	if len(seen) != 6 {
		t.Errorf("lengths %v, want texts of 2 to 4 and bytes of 1 to 3", seen)
	}
}
