//go:build !linux

package servers

import (
	"errors"
	"runtime"
	"syscall"
)

// supported tells why servers cannot be started on this system.
func supported() error {
	return errors.New("real test servers run on linux only, not on " + runtime.GOOS)
}

func attributes(*owner) *syscall.SysProcAttr { return nil }
func detached() *syscall.SysProcAttr         { return nil }
func signalGroup(int, syscall.Signal)        {}
func killIn(string)                          {}

type owner struct {
	name     string
	uid, gid int
}

func serviceUser() (*owner, error) { return nil, supported() }
