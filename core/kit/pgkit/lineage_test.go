package pgkit

import (
	"slices"
	"testing"
)

func TestBranches(t *testing.T) {
	got, err := parseBranches("# a comment\n1\t0/3000148\tno recovery target specified\n\n2\t1A/FF\tbefore 2026-01-01 00:00:00+00\n")
	if want := []Branch{{1, 0x3000148}, {2, 0x1A_000000FF}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"1", "x\t0/1\twhy", "1\tx\twhy", "4294967296\t0/1\twhy"} {
		if got, err := parseBranches(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}
