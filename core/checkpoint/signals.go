package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/datasync-io/datasync/core/plugin"
)

// Signals of a job lie beside its checkpoint, each in a file of its own, named
// by its ID, until a run has noted it.

// BadSignal is a file among the signals that is none.
type BadSignal struct {
	ID  string
	Err error
}

func (s *FileStore) signals(job string) string { return filepath.Join(s.Dir(job), "signals") }

// Send leaves a signal for a job and returns it with its ID.
func (s *FileStore) Send(job string, signal plugin.Signal) (plugin.Signal, error) {
	id, err := uuid.NewV7() // ordered by time
	if err != nil {
		return signal, fmt.Errorf("naming a signal: %w", err)
	}
	signal.ID = id.String()
	raw, err := json.MarshalIndent(signal, "", " ")
	if err == nil {
		err = replace(filepath.Join(s.signals(job), signal.ID+".json"), raw)
	}
	if err != nil {
		return signal, fmt.Errorf("leaving a signal for job %q: %w", job, err)
	}
	return signal, nil
}

// Signals returns the signals that are pending for a job, by ID.
func (s *FileStore) Signals(job string) (pending []plugin.Signal, bad []BadSignal, err error) {
	entries, err := os.ReadDir(s.signals(job)) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("looking for signals: %w", err)
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue // not written yet
		}
		raw, err := os.ReadFile(filepath.Join(s.signals(job), e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading a signal: %w", err)
		}
		var one plugin.Signal
		if err := json.Unmarshal(raw, &one); err != nil || one.ID != id {
			bad = append(bad, BadSignal{ID: id, Err: errors.Join(err, fmt.Errorf("%s is no signal", e.Name()))})
			continue
		}
		pending = append(pending, one)
	}
	slices.SortFunc(pending, func(a, b plugin.Signal) int { return strings.Compare(a.ID, b.ID) })
	return pending, bad, nil
}

// Noted removes a signal.
func (s *FileStore) Noted(job, id string) error {
	if err := os.Remove(filepath.Join(s.signals(job), id+".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a signal: %w", err)
	}
	return nil
}
