package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// FileStore keeps checkpoints in a folder: one sub-folder per job with
// checkpoint.json and the file that is locked. A checkpoint is replaced by
// writing beside it, fsync, rename, and fsync of the folder (I5).
type FileStore struct {
	dir  string
	mask func(string) string // hides secrets in the errors of splits that were set aside; nil: nothing is hidden
}

// NewFileStore returns a store in dir, which is created when first needed.
func NewFileStore(dir string) *FileStore { return &FileStore{dir: dir} }

// Masked returns a store in the same folder that hides what mask hides in the
// errors that it keeps.
func (s *FileStore) Masked(mask func(string) string) *FileStore {
	return &FileStore{dir: s.dir, mask: mask}
}

var _ Store = (*FileStore)(nil)

// Dir is the folder that holds what belongs to job.
func (s *FileStore) Dir(job string) string {
	name := url.PathEscape(job)
	if strings.Trim(name, ".") == "" {
		name = "%2E" + name
	}
	return filepath.Join(s.dir, name)
}

func (s *FileStore) file(job string) string { return filepath.Join(s.Dir(job), "checkpoint.json") }

// Load implements [Store].
func (s *FileStore) Load(_ context.Context, job string) (*Checkpoint, error) {
	raw, err := os.ReadFile(s.file(job))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the saved state: %w", err)
	}
	c := new(Checkpoint)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("reading the saved state in %s: %w; -fresh starts over", s.file(job), err))
	}
	if c.Version > Version {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("the saved state in %s is of version %d and this binary knows %d: use the newer datasync, or -fresh to start over", s.file(job), c.Version, Version))
	}
	return c, nil
}

// Save implements [Store].
func (s *FileStore) Save(ctx context.Context, c *Checkpoint) error {
	old, err := s.Load(ctx, c.Job)
	if err != nil {
		return err
	}
	if old != nil && old.Run > c.Run { // I10
		return errclass.With(errclass.Fenced, fmt.Errorf("saving the state of job %q: run %d has taken over from run %d", c.Job, old.Run, c.Run))
	}
	raw, err := json.MarshalIndent(s.shown(c), "", " ")
	if err != nil {
		return fmt.Errorf("encoding the state of job %q: %w", c.Job, err)
	}
	if err := replace(s.file(c.Job), raw); err != nil {
		return fmt.Errorf("saving the state of job %q: %w", c.Job, err)
	}
	return nil
}

// shown is the checkpoint as it may be kept.
func (s *FileStore) shown(c *Checkpoint) *Checkpoint {
	if s.mask == nil || !slices.ContainsFunc(c.Plan, func(p plugin.Progress) bool { return p.Err != "" }) {
		return c
	}
	hidden := *c
	hidden.Plan = slices.Clone(c.Plan)
	for i := range hidden.Plan {
		if p := &hidden.Plan[i]; p.Err != "" {
			p.Err = s.mask(p.Err)
		}
	}
	return &hidden
}

// Forget removes the job's checkpoint; there need be none.
func (s *FileStore) Forget(job string) error {
	if err := os.Remove(s.file(job)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the saved state: %w", err)
	}
	return nil
}

// Jobs returns the jobs that have a checkpoint, in the order of their names.
func (s *FileStore) Jobs() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the saved state: %w", err)
	}
	var jobs []string
	for _, e := range entries {
		job, err := url.PathUnescape(e.Name())
		if err != nil || !e.IsDir() {
			continue // nothing of this store's
		}
		if at, err := s.Saved(job); err == nil && !at.IsZero() {
			jobs = append(jobs, job)
		}
	}
	slices.Sort(jobs)
	return jobs, nil
}

// Saved returns when the job's checkpoint was saved; the zero time if there is none.
func (s *FileStore) Saved(job string) (time.Time, error) {
	info, err := os.Stat(s.file(job))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("looking at the saved state: %w", err)
	}
	return info.ModTime(), nil
}

// Holder says which process runs the job; "" if none does. It takes no lock
// that could keep a job from starting: a process of this machine that is gone
// holds nothing, of another machine's the note it has left is believed.
func (s *FileStore) Holder(job string) string {
	who, err := os.ReadFile(filepath.Join(s.Dir(job), "holder"))
	if err != nil {
		return ""
	}
	var pid int
	var host string
	if _, err := fmt.Sscanf(string(who), holderFormat, &pid, &host); err != nil {
		return string(who)
	}
	if here, err := os.Hostname(); err == nil && here == host && !alive(pid) {
		return ""
	}
	return string(who)
}

// holderFormat is how the note of a process that runs a job begins.
const holderFormat = "process %d on %s"

// alive tells whether there is such a process on this machine.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

// replace makes path hold raw, at any instant the old or the new content.
func replace(path string, raw []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock implements [Store].
func (s *FileStore) Lock(_ context.Context, job string) (func() error, error) {
	dir := s.Dir(job)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the state folder: %w; -state-dir names another", err)
	}
	l := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking job %q: %w", job, err)
	}
	holder := filepath.Join(dir, "holder")
	if !ok {
		who, err := os.ReadFile(holder)
		if err != nil || len(who) == 0 { // it has only just begun
			who = []byte("another process")
		}
		return nil, errclass.With(errclass.Fenced, fmt.Errorf("job %q is being run by %s: wait for it, or give this run another -jobName or -state-dir", job, who))
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	who := fmt.Sprintf(holderFormat+" since %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
	if err := os.WriteFile(holder, []byte(who), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("locking job %q: %w", job, err), l.Unlock())
	}
	return func() error { return errors.Join(os.Remove(holder), l.Unlock()) }, nil
}
