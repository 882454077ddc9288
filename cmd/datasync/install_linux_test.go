package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
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
	"github.com/datasync-io/datasync/launcher"
)

const installedAt = "/usr/local/bin/datasync"

// A job without an end, and one that ends.
const (
	unendingJob = `{"job": {"content": [{"reader": {"name": "streamreader", "parameter": {"column": [{"name": "a", "type": "id"}], "permitsPerSecond": 100}},
		"writer": {"name": "streamwriter", "parameter": {"print": false}}}]}}`
	endingJob = `{"job": {"content": [{"reader": {"name": "streamreader", "parameter": {"column": [{"name": "a", "type": "id"}], "sliceRecordCount": [3]}},
		"writer": {"name": "streamwriter", "parameter": {"print": false}}}]}}`
)

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unitIsSound has systemd read the unit, and starts and stops what it starts.
func unitIsSound(t *testing.T, binary string) {
	unit := example(t, "datasync@.service")
	t.Run("systemd", func(t *testing.T) {
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			servers.LeaveOut(t, "needs systemd-analyze, of Debian's package systemd")
		}
		file := filepath.Join(t.TempDir(), "datasync@.service")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, installedAt, binary)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	settings := map[string]string{}
	for line := range strings.Lines(unit) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			settings[key] = value
		}
	}
	dir := t.TempDir()
	place := strings.NewReplacer(installedAt, binary, "/etc/datasync/%i", filepath.Join(dir, "orders"), "/var/lib/"+settings["StateDirectory"], filepath.Join(dir, "state"))
	if err := os.WriteFile(filepath.Join(dir, "orders.json"), []byte(unendingJob), 0o600); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(place.Replace(settings["ExecStart"]))
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = []string{place.Replace(settings["Environment"])}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(dir, "state", "orders-0", "checkpoint.json"), `"started": true`)
	signals := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT}
	if err := cmd.Process.Signal(signals[settings["KillSignal"]]); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	if !strings.HasPrefix(log.String(), "{") || !strings.Contains(log.String(), `"state":"drained"`) {
		t.Errorf("the log reads\n%s", log.String())
	}
	stays := strings.Fields(settings["RestartPreventExitStatus"])
	for _, c := range exitCodes {
		again := c.Code == launcher.ExitTransient
		if c.Code != launcher.ExitOK && c.Code != launcher.ExitInterrupted && slices.Contains(stays, strconv.Itoa(c.Code)) == again {
			t.Errorf("exit code %d (%s): started again is %t", c.Code, c.Text, !again)
		}
	}
}

// awaitFile waits until a file holds a text.
func awaitFile(t *testing.T, file, text string) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	over := time.After(patience)
	for {
		got, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(got), text) {
			return
		}
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("%s does not hold %s after %v: %s, %v", file, text, patience, got, err)
		}
	}
}

// crontabIsSound looks at the lines of the crontab: the commands are found without
// a search path, and known.
func crontabIsSound(t *testing.T, _ string) {
	lines := 0
	entry := regexp.MustCompile(`^(?:\S+\s+){5}\S+\s+(\S+)\s+(.*)$`) // five for the time, one for the user
	for line := range strings.Lines(example(t, "datasync.cron")) {
		if strings.HasPrefix(line, "#") || !strings.Contains(line, " ") {
			continue
		}
		lines++
		m := entry.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || m[1] != installedAt || strings.Contains(m[2], "%") {
			t.Errorf("no command of %s without %%: %s", installedAt, line)
			continue
		}
		app := (&process{}).app()
		if _, err := arrange(strings.Fields(m[2]), app.Commands, app.Flags); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if lines < 2 {
		t.Errorf("%d lines", lines)
	}
}

// imageIsSound does what the Dockerfile says in a folder of its own, and runs the
// image there as its user, to whom nothing but the volume is writable.
func imageIsSound(t *testing.T, binary string) {
	program, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }() // it was only read
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary needs a loader, which the image does not have")
		}
	}
	i := &image{binary: binary, stages: map[string]string{}}
	for line := range strings.Lines(example(t, "Dockerfile")) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			if err := i.step(t, words, line); err != nil {
				t.Fatalf("%s: %v", strings.TrimSpace(line), err)
			}
		}
	}
	for name, text := range map[string]string{"short.json": endingJob, "endless.json": unendingJob} {
		if err := os.WriteFile(filepath.Join(i.root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(i.root, i.volume)
	if out, err := i.command("-job", "/short.json", "-timezone", "Europe/Berlin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(filepath.Join(state, "short-0", "checkpoint.json"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != i.outside(i.user.Uid) {
		t.Errorf("the state belongs to %d", owner)
	}
	i.close(t)
	cmd := i.command("-job", "/endless.json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(state, "endless-0", "checkpoint.json"), `"started": true`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil { // as docker stop does
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	out, err := i.command("-job", "/short.json", "-state-dir", "/elsewhere").CombinedOutput()
	if code := exitCode(err); code != launcher.ExitFailed || !strings.Contains(string(out), "permission denied") {
		t.Errorf("a state folder that nobody may create: exit code %d\n%s", code, out)
	}
}

// image is what a Dockerfile makes.
type image struct {
	binary string
	stages map[string]string // folders by name
	root   string            // of the last stage
	env    []string
	entry  string
	volume string
	user   syscall.Credential
}

// step does what a line says. Of the images that others make only the
// certificates are known.
func (i *image) step(t *testing.T, words []string, line string) error {
	switch words[0] {
	case "FROM":
		i.root = t.TempDir()
		if err := os.Chmod(i.root, 0o755); err != nil {
			return err
		}
		if len(words) == 4 && words[2] == "AS" {
			i.stages[words[3]] = i.root
		}
		if words[1] == "scratch" {
			return nil
		}
		certificates := filepath.Join(i.root, "etc", "ssl", "certs")
		return errors.Join(os.MkdirAll(certificates, 0o755), os.WriteFile(filepath.Join(certificates, "ca-certificates.crt"), []byte("of the image\n"), 0o644))
	case "RUN":
		if len(words) != 3 || words[1] != "mkdir" {
			return errors.New("this test knows mkdir alone")
		}
		return os.Mkdir(filepath.Join(i.root, words[2]), 0o755)
	case "COPY":
		return i.copy(words[1:])
	case "ENV":
		i.env = append(i.env, words[1])
	case "VOLUME":
		i.volume = words[1]
	case "USER":
		_, err := fmt.Sscanf(words[1], "%d:%d", &i.user.Uid, &i.user.Gid)
		return err
	case "ENTRYPOINT":
		i.entry = strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), "ENTRYPOINT "), `["]`)
	default:
		return errors.New("this test does not know it")
	}
	return nil
}

// copy copies a file, or makes a folder, from the build's context or a stage.
func (i *image) copy(words []string) error {
	from, owner := "", [2]int{}
	for strings.HasPrefix(words[0], "--") {
		name, value, _ := strings.Cut(words[0], "=")
		switch name {
		case "--from":
			if from = i.stages[value]; from == "" {
				return fmt.Errorf("there is no stage %s", value)
			}
		case "--chown":
			if _, err := fmt.Sscanf(value, "%d:%d", &owner[0], &owner[1]); err != nil {
				return err
			}
		}
		words = words[1:]
	}
	source, to := filepath.Join(from, words[0]), filepath.Join(i.root, words[1])
	if from == "" {
		if words[0] != "bin/datasync" {
			return errors.New("make build does not make it")
		}
		source = i.binary
	}
	if strings.HasSuffix(words[1], "/") {
		to = filepath.Join(to, filepath.Base(source))
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(to, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
		err = copyFile(to, source, info.Mode())
	}
	if os.Geteuid() != 0 {
		return err // all that is here belongs to who is the image's user within
	}
	return errors.Join(err, os.Chown(to, owner[0], owner[1]))
}

func copyFile(to, from string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), in.Close())
}

// command runs the image as its user, with its environment alone.
func (i *image) command(args ...string) *exec.Cmd {
	cmd := exec.Command(i.entry, args...)
	cmd.Err = nil // it is looked for within
	cmd.Env, cmd.Dir = i.env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root, Credential: &i.user}
	if os.Geteuid() != 0 { // who is not root may be another user in a name space of its own
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(i.user.Uid), HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(i.user.Gid), HostID: os.Getegid(), Size: 1}}
		cmd.SysProcAttr.Credential.NoSetGroups = true
	}
	return cmd
}

// outside is a user of the image as the test sees it.
func (i *image) outside(user uint32) uint32 {
	if os.Geteuid() != 0 {
		return uint32(os.Geteuid())
	}
	return user
}

// close takes from its owner, too, the right to write into the root folder.
func (i *image) close(t *testing.T) {
	if err := os.Chmod(i.root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(i.root, 0o755) }) // so that it can be removed
}
