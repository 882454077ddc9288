package sqlkit_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// keys answers a planner's questions from a list of keys.
type keys struct {
	low, high string
	filled    int // of the probes find something
	per       int // so many rows
	asked     int
}

func (k *keys) first(_ context.Context, sql string) ([]*string, error) {
	k.asked++
	if strings.HasPrefix(sql, "SELECT MIN") {
		if k.low == "" {
			return []*string{nil, nil}, nil
		}
		return []*string{&k.low, &k.high}, nil
	}
	var row []*string
	for i := range strings.Count(sql, "COUNT(*)") {
		n := "0"
		if i < k.filled {
			n = fmt.Sprint(k.per)
		}
		row = append(row, &n)
	}
	return row, nil
}

func TestPlan(t *testing.T) {
	dense := keys{low: "1", high: "2000000", filled: 16, per: 1000}
	tests := []struct {
		name   string
		p      sqlkit.Planner
		keys   keys
		kind   string
		splits int
	}{
		{"one channel", sqlkit.Planner{Channels: 1, Indexed: true}, dense, sqlkit.All, 1},
		{"dense", sqlkit.Planner{Channels: 4, Indexed: true}, dense, sqlkit.Range, 16},
		{"no index", sqlkit.Planner{Channels: 4}, dense, sqlkit.Mod, 4},
		{"no index, range", sqlkit.Planner{Channels: 4, Strategy: sqlkit.Range}, dense, sqlkit.Range, 4},
		{"sparse", sqlkit.Planner{Channels: 4, Indexed: true}, keys{low: "1", high: "9000000000", filled: 2, per: 1000}, sqlkit.Mod, 4},
		{"sparse, range", sqlkit.Planner{Channels: 4, Indexed: true, Strategy: sqlkit.Range}, keys{low: "1", high: "9000000000", filled: 2, per: 1000}, sqlkit.Range, 16},
		{"small", sqlkit.Planner{Channels: 3, Indexed: true}, keys{low: "1", high: "20000", filled: 16, per: 1000}, sqlkit.Range, 3},
		{"fewer keys than channels", sqlkit.Planner{Channels: 8, Indexed: true}, keys{low: "5", high: "7"}, sqlkit.Range, 3},
		{"one key", sqlkit.Planner{Channels: 8, Indexed: true}, keys{low: "5", high: "5"}, sqlkit.All, 1},
		{"empty", sqlkit.Planner{Channels: 8, Indexed: true}, keys{}, sqlkit.All, 1},
		{"mod", sqlkit.Planner{Channels: 3, Strategy: sqlkit.Mod}, dense, sqlkit.Mod, 3},
		{"unsigned 64 bit", sqlkit.Planner{Channels: 2, Indexed: true, Strategy: sqlkit.Range}, keys{low: "0", high: "18446744073709551615", filled: 16, per: 1000}, sqlkit.Range, 8},
		{"fractions", sqlkit.Planner{Channels: 2, Indexed: true, Strategy: sqlkit.Range, Kind: record.Decimal}, keys{low: "-1.5", high: "1e2"}, sqlkit.Range, 2},
		{"explicit", sqlkit.Planner{Channels: 2, Indexed: true, Start: "10", End: "19"}, dense, sqlkit.Range, 2},
		{"explicit, one channel", sqlkit.Planner{Channels: 1, Indexed: true, Start: "10"}, dense, sqlkit.Range, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.p
			p.Dialect, p.From, p.Column, p.Nullable, p.First = dialects()[0], "`t`", "k", true, tt.keys.first
			if p.Kind == record.Absent {
				p.Kind = record.Int64
			}
			specs, err := p.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(specs) != tt.splits || specs[0].Kind != tt.kind {
				t.Fatalf("%d splits of kind %s, want %d of %s: %+v", len(specs), specs[0].Kind, tt.splits, tt.kind, specs)
			}
			if p.Start == "" {
				covers(t, specs)
			}
		})
	}
}

// covers checks that each of many keys, and NULL, is in exactly one split.
func covers(t *testing.T, specs []sqlkit.Spec) {
	t.Helper()
	for _, text := range []string{"", "-99999999999999999999", "-7", "-4", "-3", "-1", "0", "1", "2", "5", "6", "7", "8", "19", "100", "1000000", "2000000", "18446744073709551615", "18446744073709551616"} {
		n := 0
		for i := range specs {
			if takes(&specs[i], text) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("key %q is in %d splits, want 1", text, n)
		}
	}
}

func takes(s *sqlkit.Spec, key string) bool {
	k, ok := new(big.Int).SetString(key, 10)
	switch {
	case s.Kind == sqlkit.All:
		return true
	case !ok:
		return s.Nulls
	case s.Kind == sqlkit.Mod:
		return new(big.Int).Mod(k, big.NewInt(int64(s.N))).Int64() == int64(s.I)
	}
	from, below := new(big.Int).SetString(s.From, 10)
	to, above := new(big.Int).SetString(s.To, 10)
	return (!below || k.Cmp(from) >= 0) && (!above || k.Cmp(to) < 0)
}

func TestPlanOfText(t *testing.T) {
	p := sqlkit.Planner{Dialect: dialects()[0], Column: "name", Kind: record.String, Channels: 2}
	if _, err := p.Plan(t.Context()); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "must be number type") {
		t.Errorf("Plan = %v, want a config error", err)
	}
}

func TestPlanFails(t *testing.T) {
	down := errors.New("down")
	p := sqlkit.Planner{Dialect: dialects()[0], Column: "k", Kind: record.Int64, Channels: 2, Indexed: true,
		First: func(context.Context, string) ([]*string, error) { return nil, down }}
	if _, err := p.Plan(t.Context()); !errors.Is(err, down) {
		t.Errorf("Plan = %v, want %v", err, down)
	}
}

func TestSplitsAndSpecs(t *testing.T) {
	splits, err := sqlkit.Splits(0, []sqlkit.Spec{{Kind: sqlkit.Range, Column: "id", To: "5", Key: []string{"id"}}, {Kind: sqlkit.Range, Column: "id", From: "5"}})
	if err != nil {
		t.Fatal(err)
	}
	if splits[1].ID != "0/range/1" {
		t.Errorf("ID = %q", splits[1].ID)
	}
	spec, err := sqlkit.ParseSpec(splits[0])
	if err != nil || spec.To != "5" || len(spec.Key) != 1 {
		t.Errorf("ParseSpec = %+v, %v", spec, err)
	}
	for _, raw := range []string{`{`, `{}`, `{"v":2,"kind":"range","column":"id","from":"1 or 1=1"}`, `{"v":1,"kind":"all"}`, `{"v":2,"kind":"mod","column":"id"}`, `{"v":2,"kind":"pages"}`} {
		splits[0].Spec = []byte(raw)
		if _, err := sqlkit.ParseSpec(splits[0]); errclass.Of(err) != errclass.PositionLost {
			t.Errorf("ParseSpec(%s) = %v, want class position lost", raw, err)
		}
	}
}
