package servers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// Settings of a Supervisor.
type Settings struct {
	Log      *slog.Logger
	Watchdog []string // command that calls Watch, usually this program again
	Cache    string   // "": $DATASYNC_TEST_CACHE, else the user's cache folder
}

// Supervisor owns the servers, their data and the control socket. Safe for
// concurrent use. Its owner calls Close.
type Supervisor struct {
	log      *slog.Logger
	cache    cache
	scratch  string
	spawner  *spawner
	watchdog *watchdog
	ca       *authority
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup // processes
	sessions sync.WaitGroup
	serial   atomic.Int64
	ports    ports

	mu     sync.Mutex
	shared map[Kind]*instance
}

// New makes a supervisor with its scratch folder, watchdog and control socket;
// no server is started yet.
func New(set Settings) (s *Supervisor, err error) {
	if err := supported(); err != nil {
		return nil, err
	}
	s = &Supervisor{log: set.Log, shared: map[Kind]*instance{}}
	if s.cache, err = openCache(set.Cache); err != nil {
		return nil, err
	}
	if s.scratch, err = os.MkdirTemp("", "datasync-test-"); err != nil {
		return nil, fmt.Errorf("making the scratch folder: %w", err)
	}
	if s.watchdog, err = startWatchdog(set.Watchdog, s.scratch); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.scratch))
	}
	s.spawner = newSpawner()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare fills the scratch folder with what all servers share.
func (s *Supervisor) prepare() (err error) {
	// The database servers may run as another user and must get through.
	if err := os.Chmod(s.scratch, 0o711); err != nil {
		return err
	}
	if s.ca, err = newAuthority(filepath.Join(s.scratch, "tls")); err != nil {
		return fmt.Errorf("making certificates: %w", err)
	}
	s.listener, err = net.Listen("unix", s.ControlSocket())
	if err != nil {
		return fmt.Errorf("opening the control socket: %w", err)
	}
	s.sessions.Go(s.accept)
	return nil
}

// ControlSocket is the path that tests find in DATASYNC_TEST_CONTROL.
func (s *Supervisor) ControlSocket() string { return filepath.Join(s.scratch, "control.sock") }

// Close stops every server, deletes the scratch folder and awaits the watchdog.
func (s *Supervisor) Close() error {
	s.cancel()
	var errs []error
	if s.listener != nil {
		errs = append(errs, s.listener.Close())
	}
	s.sessions.Wait()
	s.mu.Lock()
	for _, in := range s.shared {
		in.remove()
	}
	s.mu.Unlock()
	s.wg.Wait()
	s.spawner.close()
	errs = append(errs, removeAll(s.scratch), s.watchdog.close())
	return errors.Join(errs...)
}

// Start starts the shared servers of these kinds, all at once; whoever asks for
// one that is already there gets it.
func (s *Supervisor) Start(ctx context.Context, kinds ...Kind) error {
	s.log.Info("starting", "servers", kinds)
	var wg sync.WaitGroup
	errs := make([]error, len(kinds))
	for i, k := range kinds {
		wg.Go(func() { _, errs[i] = s.sharedServer(ctx, k) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Supervisor) sharedServer(ctx context.Context, k Kind) (*instance, error) {
	return s.provide(ctx, k, options{})
}

// provide gives the shared server of a kind; o counts when it is not there yet.
func (s *Supervisor) provide(ctx context.Context, k Kind, o options) (*instance, error) {
	s.mu.Lock()
	in, ok := s.shared[k]
	if !ok {
		in = s.newInstance(k, o)
		s.shared[k] = in
	}
	s.mu.Unlock()
	return in, in.begin(ctx)
}

// Environ lists the variables that hand the started shared servers to a command:
// DATASYNC_TEST_CONTROL, DATASYNC_TEST_CA and one per server.
func (s *Supervisor) Environ() []string {
	env := []string{envControl + "=" + s.ControlSocket(), envCA + "=" + s.ca.file}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range Kinds() {
		if in, ok := s.shared[k]; ok {
			env = append(env, in.environ()...)
		}
	}
	return env
}

// folder makes a numbered folder below the scratch folder.
func (s *Supervisor) folder(name string) (string, error) {
	dir := filepath.Join(s.scratch, name+"-"+strconv.FormatInt(s.serial.Add(1), 10))
	return dir, os.Mkdir(dir, 0o711)
}
