package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/job"
)

// levelTrace is below debug, as in FlinkX.
const levelTrace = slog.LevelDebug - 4

var levels = map[string]slog.Level{
	"trace": levelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// level decides how much is logged: the flags win over the job.
func (o *options) level(setting string) slog.Level {
	switch {
	case o.logLevel != "":
		return levels[strings.ToLower(o.logLevel)]
	case o.verbose:
		return slog.LevelDebug
	case o.quiet:
		return slog.LevelWarn
	}
	return levels[cmp.Or(strings.ToLower(setting), "info")]
}

// openLog returns the logger of a job and what closes its files. console is
// where the log goes unless -log-file says otherwise; setting.log.isLogger adds
// a file in setting.log.path.
func (o *options) openLog(console io.Writer, j *job.Job, hide *secrets) (*slog.Logger, func() error, error) {
	var files []*os.File
	closeAll := func() error {
		var errs []error
		for _, f := range files {
			errs = append(errs, f.Close())
		}
		return errors.Join(errs...)
	}
	paths := []string{o.logFile}
	if setting := j.Setting.Log; setting.IsLogger && setting.Path != "" && !o.dry {
		paths = append(paths, filepath.Join(setting.Path, url.PathEscape(j.Identity)+".log"))
	}
	outputs := []io.Writer{}
	if o.logFile == "" {
		outputs = append(outputs, console)
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		f, err := openAppend(path)
		if err != nil {
			return nil, nil, errors.Join(usagef("opening the log file: %w", err), closeAll())
		}
		files, outputs = append(files, f), append(outputs, f)
	}
	h := o.handler(io.MultiWriter(outputs...), o.level(j.Setting.Log.Level))
	return slog.New(maskHandler{h, hide}), closeAll, nil
}

func (o *options) handler(w io.Writer, level slog.Level) slog.Handler {
	set := &slog.HandlerOptions{Level: level, ReplaceAttr: spelled}
	if o.logFormat == "json" {
		return slog.NewJSONHandler(w, set)
	}
	return slog.NewTextHandler(w, set)
}

// spelled names the level trace, and writes durations as 2.5s in JSON too.
func spelled(groups []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.String(a.Key, a.Value.Duration().String())
	}
	if l, ok := a.Value.Any().(slog.Level); ok && len(groups) == 0 && a.Key == slog.LevelKey && l == levelTrace {
		return slog.String(slog.LevelKey, "TRACE")
	}
	return a
}

func openAppend(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating its folder: %w", err)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
}
