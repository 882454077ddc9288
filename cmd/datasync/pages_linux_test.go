package main

import (
	"bufio"
	"slices"
	"strings"
	"testing"
)

// TestUnchanged reads a list of mappings: the program's code, its constants,
// constants that a loader has written to, one of which is swapped out, its
// variables, and a library.
func TestUnchanged(t *testing.T) {
	const list = `00400000-0174f000 r-xp 00000000 fe:00 42                         /bin/datasync
Size:              19772 kB
Rss:               12724 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
0174f000-02be1000 r--p 0134f000 fe:00 42                         /bin/datasync
Anonymous:             0 kB
Swap:                  0 kB
02be1000-02be2000 r--p 027e1000 fe:00 42                         /bin/datasync
Anonymous:             4 kB
Swap:                  0 kB
02be2000-02be3000 r--p 027e2000 fe:00 42                         /bin/datasync
Anonymous:             0 kB
Swap:                  4 kB
02be3000-035cc000 rw-p 027e3000 fe:00 42                         /bin/datasync
Anonymous:             0 kB
Swap:                  0 kB
035cc000-05700000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7f0000000000-7f0000001000 r--p 00000000 fe:00 43                 /lib/libc.so.6
Anonymous:             0 kB
Swap:                  0 kB
`
	want := []mapping{{0x400000, 0x174f000}, {0x174f000, 0x2be1000}}
	if got := unchanged(bufio.NewScanner(strings.NewReader(list)), "/bin/datasync"); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
