package main

import (
	"os"
	"path/filepath"
)

// stateDir says where state is kept: the flag, $DATASYNC_STATE_DIR,
// $XDG_STATE_HOME/datasync, or ~/.local/state/datasync.
func stateDir(flag string, env func(string) (string, bool)) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if dir, ok := env("DATASYNC_STATE_DIR"); ok && dir != "" {
		return dir, nil
	}
	if dir, ok := env("XDG_STATE_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "datasync"), nil
	}
	home, ok := env("HOME")
	if !ok || home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", usagef("finding a folder for saved state: %w; name one with -state-dir", err)
		}
	}
	return filepath.Join(home, ".local", "state", "datasync"), nil
}
