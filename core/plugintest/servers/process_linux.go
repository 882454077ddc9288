package servers

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// supported tells why servers cannot be started on this system.
func supported() error { return nil }

// attributes gives a child its process group, its user and SIGKILL at its
// parent's death. Credential is used instead of the servers' own --user option
// since a process that changes its user by itself loses the death signal.
func attributes(as *owner) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if as != nil {
		a.Credential = &syscall.Credential{Uid: uint32(as.uid), Gid: uint32(as.gid)}
	}
	return a
}

// detached puts a child into a session of its own, out of reach of Ctrl-C.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func signalGroup(group int, sig syscall.Signal) { _ = syscall.Kill(-group, sig) }

// killIn ends all processes whose working folder is dir and returns when they
// are gone.
func killIn(dir string) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		living := workersIn(dir)
		if len(living) == 0 {
			return
		}
		for _, pid := range living {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		<-tick.C
	}
}

// workersIn lists the processes whose working folder is dir. One that has ended
// and is not yet awaited by its parent has none.
func workersIn(dir string) []int {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil
	}
	var pids []int
	for _, l := range links {
		if at, err := os.Readlink(l); err != nil || at != dir {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(l))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// owner is the user that the database servers run as and own their data as.
type owner struct {
	name     string
	uid, gid int
}

// serviceUser is nil unless the supervisor runs as root: the database servers
// refuse to run as root, so mysql or else nobody does it.
func serviceUser() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("finding a user for the database servers: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &owner{name: u.Username, uid: uid, gid: gid}, nil
}
