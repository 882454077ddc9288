package main

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"sync"

	"github.com/datasync-io/datasync/core/config"
)

const asterisks = "******"

// secrets hides what must not be shown in any text that leaves the process: what
// looks like a secret, and the secrets of every job file read so far. Safe for
// concurrent use.
type secrets struct {
	mu    sync.RWMutex
	scrub []func(string) string
}

// add hides what scrub knows; see job.Job.Scrubber.
func (s *secrets) add(scrub func(string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scrub = append(s.scrub, scrub)
}

// mask returns the text with asterisks for everything secret.
func (s *secrets) mask(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, scrub := range s.scrub {
		text = scrub(text)
	}
	return config.MaskText(text)
}

// maskHandler masks everything that is logged, before it is formatted.
type maskHandler struct {
	next    slog.Handler
	secrets *secrets
}

func (h maskHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h maskHandler) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, h.secrets.mask(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, masked)
}

func (h maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = h.attr(a)
	}
	return maskHandler{h.next.WithAttrs(masked), h.secrets}
}

func (h maskHandler) WithGroup(name string) slog.Handler {
	return maskHandler{h.next.WithGroup(name), h.secrets}
}

func (h maskHandler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup && config.Sensitive(a.Key) {
		return slog.String(a.Key, asterisks)
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.secrets.mask(v.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, len(v.Group()))
		for i, member := range v.Group() {
			group[i] = h.attr(member)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	case slog.KindAny:
		return slog.String(a.Key, h.secrets.mask(anyText(v.Any())))
	default:
		return a
	}
}

func anyText(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil {
			return string(text)
		}
	case []byte:
		return string(v)
	}
	return fmt.Sprintf("%+v", v)
}
