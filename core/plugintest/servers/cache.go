package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// cache is a folder that several supervisors share, at once and over time: jars,
// unpacked servers and initialised data. An entry appears complete or not at all.
type cache struct{ dir string }

// openCache makes the folder: dir, else $DATASYNC_TEST_CACHE, else
// datasync-test in the user's cache folder; for root that is /var/cache, since
// the database servers run as another user that cannot enter root's home.
func openCache(dir string) (cache, error) {
	if dir == "" {
		dir = os.Getenv(envCache)
	}
	if dir == "" && os.Geteuid() == 0 {
		dir = "/var/cache/datasync-test"
	}
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return cache{}, fmt.Errorf("finding a cache folder: %w, set %s", err, envCache)
		}
		dir = filepath.Join(base, "datasync-test")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return cache{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return cache{}, fmt.Errorf("making the cache folder: %w, or set %s", err, envCache)
	}
	return cache{dir}, nil
}

// lock holds the named lock against other processes until unlock.
func (c cache) lock(ctx context.Context, name string) (unlock func() error, err error) {
	l := flock.New(filepath.Join(c.dir, name+".lock"))
	if ok, err := l.TryLockContext(ctx, pollInterval); err != nil || !ok {
		return nil, fmt.Errorf("waiting for another installation of %s: %w", name, errors.Join(err, l.Close()))
	}
	return l.Unlock, nil
}

// entry gives the path of an entry; build fills an empty folder when there is
// none yet.
func (c cache) entry(ctx context.Context, name string, build func(dir string) error) (path string, err error) {
	path = filepath.Join(c.dir, name)
	if exists(path) {
		return path, nil
	}
	unlock, err := c.lock(ctx, name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if exists(path) {
		return path, nil
	}
	tmp := filepath.Join(c.dir, ".new-"+name) // left behind by a killed process
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return "", err
	}
	if err := build(tmp); err != nil {
		return "", errors.Join(err, os.RemoveAll(tmp))
	}
	return path, os.Rename(tmp, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// reachable tells whether another user can enter dir; the error names the
// folder in the way.
func reachable(dir string) error {
	for d := dir; ; d = filepath.Dir(d) {
		st, err := os.Stat(d)
		if err != nil {
			return err
		}
		if st.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("folder %s cannot be entered by the user the server runs as: chmod o+x it, or set %s and TMPDIR to other folders", d, envCache)
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}
