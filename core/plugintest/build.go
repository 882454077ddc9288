package plugintest

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
)

// Env returns what a plugin is built with: a silent logger, job "contract",
// UTC, gauges that go nowhere.
func Env() plugin.Env {
	return plugin.Env{
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Job:   "contract",
		Zone:  time.UTC,
		Gauge: func(string, func() float64, ...string) {},
	}
}

// BuildReader builds a reader from its parameters, a JSON object.
func BuildReader(env plugin.Env, info plugin.ReaderInfo, parameters string) (plugin.Reader, error) {
	d, err := config.Inline(parameters)
	if err != nil {
		return nil, err
	}
	return info.New(env, d)
}

// BuildWriter is [BuildReader] for a writer.
func BuildWriter(env plugin.Env, info plugin.WriterInfo, parameters string) (plugin.Writer, error) {
	d, err := config.Inline(parameters)
	if err != nil {
		return nil, err
	}
	return info.New(env, d)
}

// NewReader builds a reader with [Env] and a folder, or fails the test.
func NewReader(t testing.TB, info plugin.ReaderInfo, parameters string) plugin.Reader {
	t.Helper()
	env := Env()
	env.Folder = filepath.Join(t.TempDir(), "folder")
	r, err := BuildReader(env, info, parameters)
	if err != nil {
		t.Fatalf("building reader %s: %v", info.Name, err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing reader %s: %v", info.Name, err)
		}
	})
	return r
}

// NewWriter builds a writer with [Env] and a folder, or fails the test.
func NewWriter(t testing.TB, info plugin.WriterInfo, parameters string) plugin.Writer {
	t.Helper()
	env := Env()
	env.Folder = filepath.Join(t.TempDir(), "folder")
	w, err := BuildWriter(env, info, parameters)
	if err != nil {
		t.Fatalf("building writer %s: %v", info.Name, err)
	}
	return w
}

// ReaderError returns a builder for [ReaderSuite.Bad]: the error of parameters that are at fault.
func ReaderError(info plugin.ReaderInfo, parameters string) func(t testing.TB) error {
	return func(testing.TB) error {
		r, err := BuildReader(Env(), info, parameters)
		if err == nil {
			_ = r.Close() // nothing was opened from it
		}
		return err
	}
}

// WriterError returns a builder for [WriterSuite.BadConfigs]: the error of parameters that are at fault.
func WriterError(info plugin.WriterInfo, parameters string) func(t testing.TB) error {
	return func(testing.TB) error {
		w, err := BuildWriter(Env(), info, parameters)
		if err == nil {
			_ = w.Close() // nothing was opened from it
		}
		return err
	}
}
