package servers

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// watchdog is the supervisor's end of the pipe to its watchdog process. Lines:
// "+N" a process group lives, "-N" it has ended, "d PATH" a folder to delete.
type watchdog struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	w   io.WriteCloser
}

// startWatchdog runs command (this program, so that it calls Watch) with one end
// of the pipe as standard input. It is in a session of its own: a Ctrl-C, which
// the terminal sends to all in the foreground, does not reach it.
func startWatchdog(command []string, scratch string) (*watchdog, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = detached()
	cmd.Stderr = os.Stderr
	w, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the watchdog: %w", err)
	}
	d := &watchdog{cmd: cmd, w: w}
	d.tell("d " + scratch)
	return d, nil
}

func (d *watchdog) add(group int)    { d.tell("+" + strconv.Itoa(group)) }
func (d *watchdog) remove(group int) { d.tell("-" + strconv.Itoa(group)) }

// tell writes a line. A watchdog that is gone is no reason to stop: the death
// signal of each child remains.
func (d *watchdog) tell(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = io.WriteString(d.w, line+"\n")
}

// close ends the pipe and awaits the watchdog's end.
func (d *watchdog) close() error {
	if err := d.w.Close(); err != nil {
		return err
	}
	return d.cmd.Wait()
}

// Watch is the watchdog process: it reads in until the supervisor's end of the
// pipe closes, in whatever way that process ends, kills the groups still listed
// and deletes the folders.
func Watch(in io.Reader) error {
	groups := map[int]struct{}{}
	var folders []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if path, ok := strings.CutPrefix(line, "d "); ok {
			folders = append(folders, path)
			continue
		}
		n, err := strconv.Atoi(line)
		switch {
		case err != nil || n == 0:
			return fmt.Errorf("reading the watchdog's orders: unknown line %q", line)
		case n > 0:
			groups[n] = struct{}{}
		default:
			delete(groups, -n)
		}
	}
	for g := range groups {
		signalGroup(g, syscall.SIGKILL)
	}
	for _, f := range folders {
		if err := removeAll(f); err != nil {
			return err
		}
	}
	return lines.Err()
}

// removeAll deletes a folder that a dying process may still write into.
func removeAll(folder string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for tries := 0; ; tries++ {
		err := os.RemoveAll(folder)
		if err == nil {
			return nil
		}
		if tries == 100 {
			return fmt.Errorf("deleting the scratch folder: %w", err)
		}
		<-tick.C
	}
}
