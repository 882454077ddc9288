package file

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
)

// stream is a job without an end that crashes: it goes on from what was stored.
type stream struct {
	t      *testing.T
	config string
	r      *run
	sink   plugin.Sink
	at     int64    // rows that were written
	tokens [][]byte // prepared and not stored, and what was stored last in front
	places []int64  // of tokens
}

func (s *stream) open() {
	var err error
	s.sink, err = s.r.w.Open(s.t.Context(), plugin.Task{Of: 1})
	must(s.t, err)
}

// crash begins another process with what was stored.
func (s *stream) crash() {
	must(s.t, s.sink.Close())
	s.tokens, s.places = s.tokens[:1], s.places[:1]
	tokens := map[int][]byte{}
	if s.tokens[0] != nil {
		tokens[0] = s.tokens[0]
	}
	s.again(tokens)
}

// again begins with tokens, as a process or an attempt does.
func (s *stream) again(tokens map[int][]byte) {
	var err error
	s.r, err = start(s.t, filekit.Local{}, s.config, tokens)
	must(s.t, err)
	s.at = s.places[0]
	s.open()
}

// step does one thing at random.
func (s *stream) step(rnd *rand.Rand) {
	switch rnd.IntN(7) {
	case 0, 1:
		must(s.t, s.sink.Write(s.t.Context(), persons(s.at, s.at+5)))
		s.at += 5
	case 2, 3:
		token, err := s.sink.(plugin.Preparer).Prepare(s.t.Context(), 1)
		must(s.t, err)
		if token == nil {
			token = s.tokens[len(s.tokens)-1]
		}
		s.tokens, s.places = append(s.tokens, token), append(s.places, s.at)
	case 4: // stored and committed, perhaps again
		last := len(s.tokens) - 1
		s.tokens, s.places = s.tokens[last:], s.places[last:]
		for range 1 + rnd.IntN(2) {
			must(s.t, s.r.w.Commit(s.t.Context(), 1, s.tokens))
		}
	case 5: // stored, and no more
		last := len(s.tokens) - 1
		s.tokens, s.places = s.tokens[last:], s.places[last:]
		s.crash()
	case 6:
		s.crash()
	}
}

// rows are the numbers of the rows in files, in the order of these.
func rowsOf(t *testing.T, dir string) (ids []string) {
	files := visible(t, dir)
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		number := func(name string) int {
			n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSuffix(name, filepath.Ext(name)), "a_0_"))
			must(t, err)
			return n
		}
		return number(a) - number(b)
	})
	for _, name := range names {
		if strings.HasSuffix(name, "parquet") {
			for _, row := range parseParquet(t, files[name]) {
				ids = append(ids, strings.TrimPrefix(row[0], "int64 "))
			}
			continue
		}
		for line := range strings.Lines(files[name]) {
			id, _, _ := strings.Cut(line, ",")
			ids = append(ids, id)
		}
	}
	return ids
}

// TestFilesAppearWhileTheJobRuns crashes a job without an end at random: the
// files that have appeared have its rows from the first on, each once, and all
// that was stored when they are due; the end of a job puts the rest there.
func TestFilesAppearWhileTheJobRuns(t *testing.T) {
	for _, more := range []string{`"a.csv","publishInterval":"1ns"`, `"a.csv","publishInterval":3600,"maxFileSize":60`, `"a.parquet","publishInterval":"1ns"`} {
		for seed := range uint64(15) {
			t.Run(fmt.Sprintf("%s %d", more, seed), func(t *testing.T) {
				dir := t.TempDir()
				s := &stream{t: t, config: parameters(dir, `,"fileName":`+more), tokens: [][]byte{nil}, places: []int64{0}}
				s.again(nil)
				rnd := rand.New(rand.NewPCG(seed, 5))
				for range 60 {
					s.step(rnd)
					ids := rowsOf(t, dir)
					for i, id := range ids {
						if id != strconv.Itoa(i) {
							t.Fatalf("row %d of those that are there is %s: %v", i, id, ids)
						}
					}
					if int64(len(ids)) > s.places[0] {
						t.Fatalf("%d rows are there, %d were stored", len(ids), s.places[0])
					}
				}
				must(t, s.sink.Write(t.Context(), persons(s.at, s.at+7)))
				s.at += 7
				token, err := s.sink.(plugin.Preparer).Prepare(t.Context(), 1)
				must(t, err)
				for range 2 {
					must(t, s.r.w.Commit(t.Context(), 1, [][]byte{token}))
				}
				if n := int64(len(rowsOf(t, dir))); n != s.at && (strings.Contains(more, "1ns") || s.at > 25 && n == 0) {
					t.Errorf("%d rows are there of %d", n, s.at)
				}
				must(t, s.sink.Close())
				for range 2 {
					must(t, s.r.w.After(t.Context()))
				}
				if n := int64(len(rowsOf(t, dir))); n != s.at {
					t.Errorf("%d rows are there at the end, of %d", n, s.at)
				}
				if _, err := os.Stat(filepath.Join(dir, ".datacontract")); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the hidden directory: %v", err)
				}
			})
		}
	}
}
