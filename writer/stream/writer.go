package stream

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.WriterInfo { return info(os.Stdout) }

// info describes the plugin with another console.
func info(console io.Writer) plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:   "stream",
		Doc:    "Prints rows on standard output, or forgets them.",
		Config: func() any { return defaults() },
		New: func(_ plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			w := &writer{print: c.Print, console: console}
			for _, col := range c.Column {
				w.titles = append(w.titles, col.Name)
			}
			return w, nil
		},
	}
}

func defaults() *Config { return &Config{Print: true} }

type writer struct {
	print  bool
	titles []string

	mu      sync.Mutex
	console io.Writer // guarded by mu
}

// Open returns a sink that shares the console with the others.
func (w *writer) Open(ctx context.Context, _ plugin.Task) (plugin.Sink, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !w.print {
		return null{}, nil
	}
	return &printer{writer: w}, nil
}

// Close leaves the console open.
func (w *writer) Close() error { return nil }

// null forgets rows.
type null struct{}

func (null) Write(context.Context, *record.Batch) error { return nil }
func (null) Close() error                               { return nil }
