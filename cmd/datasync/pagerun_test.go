package main

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestPagesRun types what the pages tell to type, each page in a folder of its
// own, and compares what is printed with the text blocks.
//
// A line of make is not run here, and an export of ... is made by the test. A
// command with "# exit code N" behind it ends so. A page that begins with
// <!-- with: mysql postgresql kafka examples/shop.sql --> gets these servers
// where it writes their usual addresses and the database shop, with the tables
// of the file.
func TestPagesRun(t *testing.T) {
	ran := 0
	for _, p := range guide(t) {
		if p.generated || !slices.ContainsFunc(p.fences, func(b fence) bool { return b.lang == "sh" && b.from == "" }) {
			continue
		}
		ran++
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			newSurroundings(t, p).run(t)
		})
	}
	if ran < 5 {
		t.Errorf("%d pages have commands", ran)
	}
}

// surroundings are where the commands of a page run.
type surroundings struct {
	page page
	dir  string
	env  []string
	real *strings.Replacer // what the page writes to what there is
	told *strings.Replacer // and back
}

func newSurroundings(t *testing.T, p page) *surroundings {
	t.Helper()
	s := &surroundings{page: p, dir: t.TempDir(), env: []string{"GORACE=" + raceOptions, "TZ=UTC", "LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}}
	s.env = append(s.env, "HOME="+s.dir)
	binary, err := exec.LookPath("datasync")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{"jobs": filepath.Join(root, "jobs"), "docs": filepath.Join(root, "docs"), "bin/datasync": binary} {
		if err := os.Symlink(from, filepath.Join(s.dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(p.text, "\nmake demo\n") {
		s.makeDemo(t)
	}
	s.takeServers(t)
	return s
}

// makeDemo leaves what make demo leaves.
func (s *surroundings) makeDemo(t *testing.T) {
	t.Helper()
	statements, err := os.ReadFile(filepath.Join(moduleRoot, "jobs", "demo", "shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, ".demo"), 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(s.dir, ".demo", "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(statements)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s *surroundings) takeServers(t *testing.T) {
	t.Helper()
	var pairs []string
	var load []func(statements ...string)
	for _, what := range s.page.servers {
		switch {
		case what == "mysql":
			db := servers.MySQL(t).DB(t)
			s.env = append(s.env, "MYSQL_PASSWORD="+servers.RootPassword)
			pairs = append(pairs, "127.0.0.1:3306/shop", db.Addr()+"/"+db.Name, "127.0.0.1:3306,database=shop", db.Addr()+",database="+db.Name)
			load = append(load, func(all ...string) { db.Exec(t, all...) })
		case what == "postgresql":
			db := servers.PostgreSQL(t).DB(t)
			s.env = append(s.env, "PGPASSWORD="+servers.RootPassword)
			pairs = append(pairs, "127.0.0.1:5432/shop", db.Addr()+"/"+db.Name, "127.0.0.1:5432,database=shop", db.Addr()+",database="+db.Name)
			load = append(load, func(all ...string) { db.Exec(t, all...) })
		case what == "kafka":
			k := servers.Kafka(t)
			pairs = append(pairs, "kafka=127.0.0.1:9092,topic=orders", "kafka="+k.Addr()+",topic="+k.Topic(t, 4))
		case strings.HasSuffix(what, ".sql"):
			text, err := os.ReadFile(filepath.Join(moduleRoot, "docs", what))
			if err != nil {
				t.Fatal(err)
			}
			statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(string(text)), ";"), ";\n")
			for _, into := range load {
				into(statements...)
			}
		default:
			t.Fatalf("%s: unknown server %s", s.page.path, what)
		}
	}
	back := make([]string, 0, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		back = append(back, pairs[i+1], pairs[i])
	}
	s.real, s.told = strings.NewReplacer(pairs...), strings.NewReplacer(back...)
}

func (s *surroundings) run(t *testing.T) {
	t.Helper()
	for i, b := range s.page.fences {
		if b.lang != "sh" || b.from != "" {
			continue
		}
		printed := s.enter(t, b)
		if next := i + 1; next < len(s.page.fences) && s.page.fences[next].lang == "text" {
			want := s.page.fences[next]
			if !pattern(want.text).MatchString(printed) {
				t.Errorf("%s:%d: the page shows\n%s\nprinted is\n%s", s.page.path, want.line, want.text, printed)
			}
		}
		if t.Failed() {
			return
		}
	}
}

var (
	exitComment = regexp.MustCompile(`^(.*?) +# exit code (\d+)$`)
	emptyExport = regexp.MustCompile(`^export .*=\.\.\.`)
	logLine     = regexp.MustCompile(`(?m)^time=.*\n`)
)

// enter runs a block's commands and returns what they print, without the log.
func (s *surroundings) enter(t *testing.T, b fence) string {
	t.Helper()
	script := "set -eu -o pipefail\n"
	for line := range strings.Lines(s.real.Replace(strings.ReplaceAll(b.text, "\\\n", " "))) {
		line = strings.TrimSpace(line)
		switch m := exitComment.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "make ") || emptyExport.MatchString(line):
		case m != nil:
			script += "code=0; " + m[1] + " || code=$?; [ $code = " + m[2] + " ] || { echo exit code $code; exit 1; }\n"
		default:
			script += line + "\n"
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s:%d: %v\n%s\nprints\n%s", s.page.path, b.line, err, script, out)
	}
	return logLine.ReplaceAllString(s.told.Replace(string(out)), "")
}

// pattern makes a regular expression of what a page shows: ... on a line of its
// own is any lines, within a line any text; the width of white space does not count.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "..." {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		words := strings.Fields(line)
		for i, word := range words {
			words[i] = strings.ReplaceAll(regexp.QuoteMeta(word), `\.\.\.`, `.*`)
		}
		b.WriteString(`[ \t]*` + strings.Join(words, `[ \t]+`) + `[ \t]*\n`)
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

// TestPattern shows how output is compared.
func TestPattern(t *testing.T) {
	for i, c := range []struct {
		shown, printed string
		same           bool
	}{
		{"a  b\n", "a b\n", true},
		{"a\n", "a\nb\n", false},
		{"a\n...\n", "a\nb\nc\n", true},
		{"...\nc\n", "a\nb\nc\n", true},
		{"took ...ms\n", "took 12ms\n", true},
		{"a.c\n", "abc\n", false},
	} {
		if got := pattern(c.shown).MatchString(c.printed); got != c.same {
			t.Error(strconv.Itoa(i) + ": " + c.shown)
		}
	}
}
